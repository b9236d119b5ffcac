import {createRequire} from 'node:module'
import {Worker} from 'node:worker_threads'
import {PolarError} from '../../errors.js'
import {
  serveSession,
  type FailedWork,
  type NamedTensors,
  type SessionReply,
  type SessionRequest,
  type SessionThreadData,
} from './session-worker.js'

/** Outputs of a run that stay with the session, to be inputs of later runs. */
export interface KeptOutputs {
  readonly cache: number
}

/**
 * A loaded model on a thread of its own. Requests are answered one after the other. Each throws OUT_OF_MEMORY or ENGINE_FAILED, and
 * ENGINE_EXITED where the thread has ended or was closed.
 */
export interface OnnxSession {
  /** Version of ONNX Runtime. */
  readonly version: string
  readonly outputNames: readonly string[]
  /** Computes the outputs named in `fetch`, all of them float. What is in `past` is fed as well. */
  run(feeds: NamedTensors, fetch: readonly string[], past?: KeptOutputs): Promise<NamedTensors>
  /** Computes the outputs named in `fetch` and keeps each `present_x` as the later input `past_x`. */
  keep(feeds: NamedTensors, fetch: readonly string[], past?: KeptOutputs): Promise<KeptOutputs>
  /** Frees what `keep` gave. */
  drop(kept: KeptOutputs): Promise<void>
  /** Idempotent; a thread that has ended counts as closed. */
  close(): Promise<void>
}

export interface SessionOptions {
  /** Folder of all external data. ONNX Runtime refuses what lies elsewhere once links are followed. */
  readonly folder: string
  /** Threads of one operation. */
  readonly threads: number
  /** Path of the module that is ONNX Runtime. Default: the package. */
  readonly runtime?: string
}

const PACKAGE = 'onnxruntime-node'

function packageMissing(words: string, cause?: unknown): PolarError {
  return new PolarError('environment', 'PACKAGE_NOT_FOUND', `the package ${PACKAGE} cannot be loaded: ${words.split('\n')[0]}`, {
    suggestions: [`ONNXRUNTIME_NODE_INSTALL=skip npm install ${PACKAGE}`],
    ...(cause === undefined ? {} : {cause}),
  })
}

function runtimePath(): string {
  try {
    return createRequire(import.meta.url).resolve(PACKAGE)
  } catch (cause) {
    throw packageMissing(cause instanceof Error ? cause.message : String(cause), cause)
  }
}

const WORK: Readonly<Record<FailedWork, string>> = {
  start: 'starting',
  load: 'loading the model',
  run: 'computing rewards',
  drop: 'freeing memory',
  close: 'closing the model',
}

/** Where `words` say that memory ran out, the error for it. */
function memoryError(words: string, when: string): PolarError | undefined {
  if (!/bad_alloc|allocate memory|out of memory|mmap|failed to map/i.test(words)) return undefined
  return new PolarError('environment', 'OUT_OF_MEMORY', `memory ran out while ONNX Runtime was ${when}`, {
    suggestions: [
      '--dtype q8 needs about a quarter of the memory',
      'close other programs, or score on a machine with more memory',
    ],
    facts: {runtime: words},
  })
}

function failure({doing, words}: SessionReply & {type: 'failed'}): PolarError {
  const outOfMemory = memoryError(words, WORK[doing])
  if (outOfMemory) return outOfMemory
  if (doing === 'start') return packageMissing(words)
  return new PolarError('engine', 'ENGINE_FAILED', `ONNX Runtime failed while ${WORK[doing]}: ${words}`, {
    suggestions: RUN_AGAIN,
  })
}

const RUN_AGAIN = ['run the same command again: it goes on where it stopped']

function exited(how: string, cause?: unknown): PolarError {
  return new PolarError('engine', 'ENGINE_EXITED', `the thread of ONNX Runtime ended ${how}`, {
    suggestions: RUN_AGAIN,
    ...(cause === undefined ? {} : {cause}),
  })
}

/** Sends a request to the thread and gives its answer. Rejects where the thread has ended, also while it worked on the request. */
type AskThread = (request: SessionRequest) => Promise<SessionReply>

/** Starts the thread. While nobody waits for an answer, it does not keep the process alive. */
function startWorker(runtime: string): AskThread {
  const data: SessionThreadData = {runtime, busy: new Int32Array(new SharedArrayBuffer(4))}
  const worker = new Worker(`(${serveSession.toString()})(require('node:worker_threads'), require)`, {
    eval: true,
    execArgv: [], // --input-type=module would make the text a module
    workerData: data,
  })
  const waiting: {resolve: (reply: SessionReply) => void; reject: (error: unknown) => void}[] = []
  let ended: PolarError | undefined
  const end = (error: PolarError): void => {
    ended ??= error
    for (const {reject} of waiting.splice(0)) reject(ended)
  }
  const answered = (): void => {
    if (waiting.length === 0) worker.unref()
  }
  // ONNX Runtime aborts the process when it comes back to a thread that is being ended: an exit waits for it.
  const waitForRuntime = (): void => void Atomics.wait(data.busy, 0, 1)
  process.on('exit', waitForRuntime)
  worker.on('message', (reply: SessionReply) => {
    waiting.shift()?.resolve(reply)
    answered()
  })
  worker.on('messageerror', (cause) => {
    const words = `an answer of ONNX Runtime could not be read: ${cause.message}`
    waiting.shift()?.reject(new PolarError('engine', 'ENGINE_FAILED', words, {cause, suggestions: RUN_AGAIN}))
    answered()
  })
  worker.on('error', (cause: unknown) => {
    const words = cause instanceof Error ? cause.message : String(cause)
    end(memoryError(words, 'at work') ?? exited(`with an error: ${words}`, cause))
  })
  worker.on('exit', (code) => {
    process.off('exit', waitForRuntime)
    end(exited(`with code ${code}`))
  })
  worker.unref()
  return async (request) =>
    new Promise((resolve, reject) => {
      if (ended) {
        reject(ended)
        return
      }
      waiting.push({resolve, reject})
      worker.ref()
      worker.postMessage(request)
    })
}

/** Loads a model given as the bytes of an ONNX file. With `session-worker.ts` the only place that knows onnxruntime-node. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<OnnxSession> {
  const {folder, threads, runtime = runtimePath()} = options
  const request = startWorker(runtime)
  let closing: Promise<void> | undefined
  const ask = async <T extends SessionReply['type']>(what: SessionRequest, wanted: T): Promise<SessionReply & {type: T}> => {
    if (closing) throw new PolarError('engine', 'ENGINE_EXITED', 'the model is closed', {suggestions: ['load it again']})
    const reply = await request(what)
    if (reply.type === 'failed') throw failure(reply)
    const isWanted = (some: SessionReply): some is SessionReply & {type: T} => some.type === wanted
    if (!isWanted(reply)) throw new Error(`the thread of ONNX Runtime answered ${reply.type}`)
    return reply
  }
  const closeThread = async (): Promise<void> => {
    const reply = await request({type: 'close'}).catch(() => undefined) // rejects where there is no thread any more
    if (reply?.type === 'failed') throw failure(reply)
  }
  const close = async (): Promise<void> => (closing ??= closeThread())
  const {version, outputNames} = await ask({type: 'load', model, folder, threads}, 'loaded').catch(async (error: unknown) => {
    await close().catch(() => {})
    throw error
  })
  let caches = 0
  return {
    version,
    outputNames,
    async run(feeds, fetch, past) {
      const {outputs} = await ask({type: 'run', feeds, fetch, ...(past && {past: past.cache})}, 'ran')
      return outputs
    },
    async keep(feeds, fetch, past) {
      const cache = caches++
      await ask({type: 'run', feeds, fetch, keep: cache, ...(past && {past: past.cache})}, 'ran')
      return {cache}
    },
    async drop({cache}) {
      await ask({type: 'drop', cache}, 'dropped')
    },
    close,
  }
}

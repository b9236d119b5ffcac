import {createRequire} from 'node:module'
import {Worker} from 'node:worker_threads'
import {PolarError} from '../../errors.js'
import {
  serveSession,
  type NamedTensors,
  type SessionReply,
  type SessionRequest,
  type SessionThreadData,
} from './session-worker.js'

/** Outputs of a run that stay with the session, to be inputs of later runs. */
export interface KeptOutputs {
  readonly cache: number
}

/** A loaded model on a thread of its own. Requests are answered one after the other; they reject with OUT_OF_MEMORY or ENGINE_FAILED. */
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
  close(): Promise<void>
}

export interface SessionOptions {
  /** Folder of all external data. ONNX Runtime refuses what lies elsewhere once links are followed. */
  readonly folder: string
  /** Threads of one operation. */
  readonly threads: number
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

function failure({doing, words}: SessionReply & {type: 'failed'}): PolarError {
  const work = {start: 'starting', load: 'loading the model', run: 'computing rewards'}[doing]
  if (/bad_alloc|allocate memory|out of memory|mmap|failed to map/i.test(words)) {
    return new PolarError('environment', 'OUT_OF_MEMORY', `memory ran out while ONNX Runtime was ${work}`, {
      suggestions: [
        '--dtype q8 needs about a quarter of the memory',
        'close other programs, or score on a machine with more memory',
      ],
      facts: {runtime: words},
    })
  }
  if (doing === 'start') return packageMissing(words)
  return new PolarError('engine', 'ENGINE_FAILED', `ONNX Runtime failed while ${work}: ${words}`)
}

/** Starts the thread; what it answers to a request. Nobody waiting, it does not keep the process alive. */
function startWorker(): (request: SessionRequest) => Promise<SessionReply> {
  const data: SessionThreadData = {runtime: runtimePath(), busy: new Int32Array(new SharedArrayBuffer(4))}
  const worker = new Worker(`(${serveSession.toString()})(require('node:worker_threads'), require)`, {
    eval: true,
    execArgv: [], // --input-type=module would make the text a module
    workerData: data,
  })
  const waiting: {resolve: (reply: SessionReply) => void; reject: (error: unknown) => void}[] = []
  worker.on('message', (reply: SessionReply) => {
    waiting.shift()?.resolve(reply)
    if (waiting.length === 0) worker.unref()
  })
  const fail = (error: unknown): void => {
    for (const {reject} of waiting.splice(0)) reject(error)
  }
  // ONNX Runtime aborts the process when it comes back to a thread that is being ended: an exit waits for it.
  const waitForRuntime = (): void => void Atomics.wait(data.busy, 0, 1)
  process.on('exit', waitForRuntime)
  worker.on('error', fail)
  worker.on('exit', (code) => {
    process.off('exit', waitForRuntime)
    fail(new PolarError('engine', 'ENGINE_EXITED', `the thread of ONNX Runtime ended with code ${code}`))
  })
  worker.unref()
  return async (request) =>
    new Promise((resolve, reject) => {
      waiting.push({resolve, reject})
      worker.ref()
      worker.postMessage(request)
    })
}

/** Loads a model given as the bytes of an ONNX file. With `session-worker.ts` the only place that knows onnxruntime-node. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<OnnxSession> {
  const request = startWorker()
  const ask = async <T extends SessionReply['type']>(what: SessionRequest, wanted: T): Promise<SessionReply & {type: T}> => {
    const reply = await request(what)
    if (reply.type === 'failed') throw failure(reply)
    const isWanted = (some: SessionReply): some is SessionReply & {type: T} => some.type === wanted
    if (!isWanted(reply)) throw new Error(`the thread of ONNX Runtime answered ${reply.type}`)
    return reply
  }
  let closing: Promise<unknown> | undefined
  const close = async (): Promise<void> => {
    closing ??= ask({type: 'close'}, 'closed')
    await closing
  }
  const {version, outputNames} = await ask({type: 'load', model, ...options}, 'loaded').catch(async (error: unknown) => {
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

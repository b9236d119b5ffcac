import type * as Runtime from 'onnxruntime-node'
import type {InferenceSession, Tensor} from 'onnxruntime-node'
import type * as Threads from 'node:worker_threads'

/** Elements row by row; the type of the array is the type of the tensor. */
export interface TensorData {
  readonly data: Float32Array | Int32Array | BigInt64Array
  readonly shape: readonly number[]
}
export type NamedTensors = ReadonlyMap<string, TensorData>

/** What the thread is started with. */
export interface SessionThreadData {
  /** Path of onnxruntime-node. */
  readonly runtime: string
  /** One int32: 1 while ONNX Runtime is at work, else 0; waiters are woken. */
  readonly busy: Int32Array
}

export type SessionRequest =
  | {readonly type: 'load'; readonly model: Uint8Array; readonly folder: string; readonly threads: number}
  | {
      readonly type: 'run'
      readonly feeds: NamedTensors
      readonly fetch: readonly string[]
      /** Number of a kept cache to feed as well. */
      readonly past?: number
      /** Number under which to keep the fetched values, `present_x` as `past_x`, instead of handing them out. */
      readonly keep?: number
    }
  | {readonly type: 'drop'; readonly cache: number}
  | {readonly type: 'close'}

/** What the thread was about when something failed; `start` is the loading of ONNX Runtime itself. */
export type FailedWork = 'start' | SessionRequest['type']

/** The answer to a request, in the order of the requests. */
export type SessionReply =
  | {readonly type: 'loaded'; readonly version: string; readonly outputNames: readonly string[]}
  | {readonly type: 'ran'; readonly outputs: NamedTensors}
  | {readonly type: 'dropped'}
  | {readonly type: 'closed'}
  | {readonly type: 'failed'; readonly doing: FailedWork; readonly words: string}

/**
 * What the session's thread does. ONNX Runtime computes on the thread that asks it, for minutes with a long text and a large model: on
 * the main thread no signal would be heard meanwhile. The thread is started from the text of this function, so that it needs no file of
 * its own, whether it runs from source or bundled; hence nothing outside the function may be used in it.
 */
export function serveSession({parentPort, workerData}: typeof Threads, require: NodeJS.Require): void {
  // ONNX Runtime prints what it logs below this to stderr, besides raising it: 4 leaves only what ends the process.
  const LOG_FATAL = 4
  const {runtime: path, busy}: SessionThreadData = workerData
  let runtime: typeof Runtime | undefined
  let session: InferenceSession | undefined
  /** Keys and values that later runs continue. They stay here: those of a long text are gigabytes. */
  const caches = new Map<number, Record<string, Tensor>>()

  const toTensor = (ort: typeof Runtime, {data, shape}: TensorData): Tensor => {
    if (data instanceof Float32Array) return new ort.Tensor('float32', data, shape)
    if (data instanceof Int32Array) return new ort.Tensor('int32', data, shape)
    return new ort.Tensor('int64', data, shape)
  }
  const fromTensor = (tensor: Tensor): TensorData => {
    if (!(tensor.data instanceof Float32Array)) throw new TypeError(`an output of type ${tensor.type}`)
    return {data: tensor.data, shape: tensor.dims}
  }
  const load = async ({model, folder, threads}: SessionRequest & {type: 'load'}): Promise<SessionReply> => {
    if (!runtime) throw new Error('not started')
    session = await runtime.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: LOG_FATAL,
      // Threads that wait do not burn a processor that others could use.
      extra: {session: {model_external_initializers_file_folder_path: folder, intra_op: {allow_spinning: '0'}}},
    })
    const version = runtime.env.versions.node ?? runtime.env.versions.common
    return {type: 'loaded', version, outputNames: session.outputNames}
  }
  const run = async ({feeds, fetch, past, keep}: SessionRequest & {type: 'run'}): Promise<SessionReply> => {
    const ort = runtime
    if (!session || !ort) throw new Error('the model is closed')
    const cache = past === undefined ? {} : caches.get(past)
    if (!cache) throw new Error(`no cache ${past}`)
    const inputs = Object.fromEntries([...feeds].map(([name, value]) => [name, toTensor(ort, value)]))
    const outputs = Object.entries(await session.run({...inputs, ...cache}, fetch, {logSeverityLevel: LOG_FATAL}))
    if (keep === undefined) return {type: 'ran', outputs: new Map(outputs.map(([name, value]) => [name, fromTensor(value)]))}
    caches.set(keep, Object.fromEntries(outputs.map(([name, value]) => [name.replace('present_', 'past_'), value])))
    return {type: 'ran', outputs: new Map()}
  }
  const close = async (): Promise<SessionReply> => {
    caches.clear()
    await session?.release()
    session = undefined
    return {type: 'closed'}
  }
  const work = async (request: SessionRequest): Promise<SessionReply> => {
    if (request.type === 'load') return load(request)
    if (request.type === 'run') return run(request)
    if (request.type === 'close') return close()
    caches.delete(request.cache)
    return {type: 'dropped'}
  }
  const start = (): void => {
    if (runtime) return
    const ort: typeof Runtime = require(path)
    ort.env.logLevel = 'fatal'
    runtime = ort
  }
  const answer = async (request: SessionRequest): Promise<SessionReply> => {
    let doing: FailedWork = 'start'
    Atomics.store(busy, 0, 1)
    try {
      if (request.type !== 'close') start()
      doing = request.type
      return await work(request)
    } catch (error) {
      return {type: 'failed', doing, words: error instanceof Error ? error.message : String(error)}
    } finally {
      Atomics.store(busy, 0, 0)
      Atomics.notify(busy, 0)
    }
  }
  parentPort?.on('message', (request: SessionRequest) => {
    void answer(request).then((reply) => {
      parentPort.postMessage(reply)
      if (request.type === 'close') parentPort.close()
    })
  })
}

import type * as Runtime from 'onnxruntime-node'
import type {InferenceSession, Tensor} from 'onnxruntime-node'
import {PolarError} from '../../errors.js'

/** Elements row by row; the type of the array is the type of the tensor. */
export interface TensorData {
  readonly data: Float32Array | Int32Array | BigInt64Array
  readonly shape: readonly number[]
}

/** A loaded model. Runs one at a time. */
export interface OnnxSession {
  /** Version of ONNX Runtime. */
  readonly version: string
  readonly outputNames: readonly string[]
  /** Computes the outputs named in `fetch`, all of them float. Rejects with OUT_OF_MEMORY or ENGINE_FAILED. */
  run(feeds: ReadonlyMap<string, TensorData>, fetch: readonly string[]): Promise<Map<string, TensorData>>
  close(): Promise<void>
}

export interface SessionOptions {
  /** Folder of all external data. ONNX Runtime refuses what lies elsewhere once links are followed. */
  readonly folder: string
  /** Threads of one operation. */
  readonly threads: number
}

// ONNX Runtime prints what it logs below this to stderr, besides raising it: 4 leaves only what ends the process.
const LOG_FATAL = 4

async function importRuntime(): Promise<typeof Runtime> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)
    throw new PolarError('environment', 'PACKAGE_NOT_FOUND', `the package onnxruntime-node cannot be loaded: ${why}`, {
      suggestions: ['ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1.30.0'],
      cause,
    })
  }
}

function failure(doing: string, cause: unknown): PolarError {
  const words = cause instanceof Error ? cause.message : String(cause)
  if (/bad_alloc|allocate memory|out of memory|OrtMemoryInfo.*alloc|mmap/i.test(words)) {
    return new PolarError('environment', 'OUT_OF_MEMORY', `memory ran out while ONNX Runtime was ${doing}`, {
      suggestions: [
        '--dtype q8 needs about a quarter of the memory',
        'close other programs, or score on a machine with more memory',
      ],
      facts: {runtime: words},
      cause,
    })
  }
  return new PolarError('engine', 'ENGINE_FAILED', `ONNX Runtime failed while ${doing}: ${words}`, {cause})
}

function asTensorData(tensor: Tensor): TensorData {
  if (!(tensor.data instanceof Float32Array)) throw new TypeError(`an output of type ${tensor.type}`)
  return {data: tensor.data, shape: tensor.dims}
}

/** Loads a model given as the bytes of an ONNX file. The only place that knows onnxruntime-node, which is imported here on first use. */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<OnnxSession> {
  const runtime = await importRuntime()
  runtime.env.logLevel = 'fatal'
  const create = async (): Promise<InferenceSession> =>
    runtime.InferenceSession.create(model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: LOG_FATAL,
      extra: {
        // Threads that wait do not burn a processor that others could use.
        session: {model_external_initializers_file_folder_path: options.folder, intra_op: {allow_spinning: '0'}},
      },
    })
  const session = await create().catch((cause: unknown) => {
    throw failure('loading the model', cause)
  })

  const tensor = ({data, shape}: TensorData): Tensor => {
    if (data instanceof Float32Array) return new runtime.Tensor('float32', data, shape)
    if (data instanceof Int32Array) return new runtime.Tensor('int32', data, shape)
    return new runtime.Tensor('int64', data, shape)
  }
  let isOpen = true
  return {
    version: runtime.env.versions.node ?? runtime.env.versions.common,
    outputNames: session.outputNames,
    async run(feeds, fetch) {
      const inputs = Object.fromEntries([...feeds].map(([name, value]) => [name, tensor(value)]))
      const outputs = await session.run(inputs, fetch, {logSeverityLevel: LOG_FATAL}).catch((cause: unknown) => {
        throw failure('computing rewards', cause)
      })
      return new Map(Object.entries(outputs).map(([name, value]) => [name, asTensorData(value)]))
    },
    async close() {
      if (!isOpen) return
      isOpen = false
      await session.release()
    },
  }
}

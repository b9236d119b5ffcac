import {availableParallelism} from 'node:os'
import {PolarError} from '../../errors.js'
import {toOutcome, type ModelIdentity, type RewardInput, type RewardModel} from '../reward-model.js'
import {planWindow, type BatchLimits} from './batching.js'
import {openCheckpoint, type Checkpoint} from './checkpoint.js'
import {weightsPerToken} from './config.js'
import {externalFolder} from './external-folder.js'
import {floatWeights} from './float-weights.js'
import {rewardGraph} from './graph.js'
import {checkIds, idReader} from './input-ids.js'
import {checkDtype, choosePrecision, type Dtype} from './precision.js'
import {rewardNet} from './reward-net.js'
import {hasOwnRopeBase} from './rope.js'
import {scorer} from './scorer.js'
import {openSession} from './session.js'
import {checkThreads} from './threads.js'
import {demandWritten} from './unwritten.js'
import {modelDigest, weightsDigest} from './weights-digest.js'
import type {Weights} from './weights.js'

export interface LoadOptions {
  /** Default `auto`: float32 where it fits into free memory, else 8 bits. */
  readonly dtype?: Dtype
  /** Threads of one run. Default: what the machine has. */
  readonly threads?: number
  /** Tokens of work in a batch. Default: by the size of the net, about 20 s of work of a small machine. */
  readonly maxBatchTokens?: number
  /** Whether tokens that texts of a batch have in common at their beginning are computed once. Default true. */
  readonly sharePrefix?: boolean
  /** Stops the making of 8-bit weights, which are then made anew the next time. */
  readonly signal?: AbortSignal
  /** Told the share, 0 to 1, of the 8-bit weights that are made, once for each checkpoint; they are kept under `POLAR_HOME`. */
  readonly onQuantizing?: (share: number) => void
  /** Told once, in a sentence, where another process is making the 8-bit weights and this one waits for it. */
  readonly onWaiting?: (message: string) => void
}

/** A reward model that runs in this process. */
export interface OnnxRewardModel extends RewardModel {
  /** What the user should know about this model, in one line; missing where all is as asked. */
  readonly notice?: string
  /** Tokens per second of a short trial, without shared prefixes. */
  measure(): Promise<number>
}

// Multiplications in a batch: 1,300 tokens of the 1.8B net.
const BATCH_WORK = 2e12
const BATCH_TOKENS = {least: 256, most: 32_768}
// From 64 tokens on a longer run is no faster (measured on the 1.8B shape); a small net gains until about here.
const RUN_TOKENS = 512
const TRIAL_TOKENS = 256

function batchLimits(checkpoint: Checkpoint, {maxBatchTokens, sharePrefix = true}: LoadOptions): BatchLimits {
  const byWork = Math.round(BATCH_WORK / weightsPerToken(checkpoint.config))
  const batchTokens = maxBatchTokens ?? Math.min(Math.max(byWork, BATCH_TOKENS.least), BATCH_TOKENS.most)
  return {
    batchTokens,
    runTokens: Math.min(RUN_TOKENS, batchTokens),
    sharePrefix,
    standsAlone: (tokens) => hasOwnRopeBase(checkpoint.config, tokens),
  }
}

/** The weights for the graph, and the folder for the session's external data. */
async function loadWeights(
  checkpoint: Checkpoint,
  dtype: 'f32' | 'q8',
  digest: string,
  {signal, onQuantizing, onWaiting}: LoadOptions,
): Promise<{weights: Weights; folder: string}> {
  if (dtype === 'q8') {
    const {quantizedWeights} = await import('./quantized-weights.js')
    return quantizedWeights(checkpoint, {
      digest,
      ...(signal && {signal}),
      ...(onQuantizing && {onProgress: onQuantizing}),
      ...(onWaiting && {onWaiting}),
    })
  }
  const folder = externalFolder([...checkpoint.tensors.values()].map(({file}) => file))
  return {weights: floatWeights(checkpoint, folder), folder}
}

async function openModel(directory: string, options: LoadOptions) {
  const {dtype: asked = 'auto', threads = availableParallelism()} = options
  checkDtype(asked)
  checkThreads(threads)
  const checkpoint = await openCheckpoint(directory)
  const {dtype, notice} = choosePrecision(checkpoint, asked, process.availableMemory())
  await demandWritten(checkpoint)
  const digest = await weightsDigest(checkpoint)
  const {weights, folder} = await loadWeights(checkpoint, dtype, digest, options)
  const session = await openSession(rewardGraph(checkpoint.config, weights), {folder, threads})
  const identity: ModelIdentity = {
    engine: 'onnx',
    engineVersion: session.version,
    model: directory,
    weightsDigest: await modelDigest(checkpoint, digest),
    dtype,
    inputs: 'ids',
  }
  return {checkpoint, net: rewardNet(checkpoint.config, session), identity, notice}
}

/**
 * Loads an InternLM2 reward model (`InternLM2ForRewardModel`) from a directory in Hugging Face layout, to be run on this machine's
 * processor by ONNX Runtime. The directory is only read. In float32 rewards agree with the reference implementation to 1e-4.
 *
 * The same inputs in the same call give the same bits whatever ran before. A text of which `batches` has planned the prefix keeps that
 * plan, so rows of a prompt that come in several batches still compute it once.
 *
 * Throws MODEL_NOT_FOUND, MODEL_UNSUPPORTED (with what was found), OUT_OF_MEMORY, PACKAGE_NOT_FOUND, ENGINE_FAILED, ENGINE_EXITED,
 * FLAG_INVALID (a dtype or a number of threads that cannot be) and, where 8-bit weights are made, DISK_FULL, NOT_WRITABLE and LOCKED. `rewards`
 * throws OUT_OF_MEMORY, ENGINE_FAILED and ENGINE_EXITED, the last also once the model is closed.
 */
export async function loadRewardModel(directory: string, options: LoadOptions = {}): Promise<OnnxRewardModel> {
  const {checkpoint, net, identity, notice} = await openModel(directory, options)
  const {vocabSize} = checkpoint.config
  const limits = batchLimits(checkpoint, options)
  const score = scorer(net, limits)
  const readIds = idReader(directory)
  const planned = new WeakMap<RewardInput, number>()

  /** Runs one after the other, whoever asks. */
  let queue: Promise<unknown> = Promise.resolve()
  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work)
    queue = result.catch(() => {})
    return result
  }
  return {
    identity,
    ...(notice === undefined ? {} : {notice}),
    batches(inputs) {
      const {batches, prefixes} = planWindow(
        inputs.map(({ids = new Int32Array()}) => ids),
        limits,
      )
      for (const [i, input] of inputs.entries()) planned.set(input, prefixes[i] ?? 0)
      return batches
    },
    async rewards(inputs, {signal} = {}) {
      const checked = (await readIds(inputs)).map((ids) => checkIds(ids, vocabSize))
      const texts = checked.filter((ids) => ids instanceof Int32Array)
      const prefixes = inputs.filter((_, i) => checked[i] instanceof Int32Array).map((input) => planned.get(input))
      const known = prefixes.filter((prefix) => prefix !== undefined)
      const rewards = await enqueue(() => score(texts, known.length === prefixes.length ? known : undefined, signal))
      let next = 0
      return checked.map((ids) => (ids instanceof PolarError ? {error: ids} : toOutcome(rewards[next++] ?? Number.NaN)))
    },
    async measure() {
      const ids = Int32Array.from({length: TRIAL_TOKENS}, (_, i) => (i * 7919) % vocabSize)
      return enqueue(async () => {
        await net.rewards([ids.subarray(0, 16)])
        const start = performance.now()
        await net.rewards([ids])
        return (TRIAL_TOKENS * 1000) / (performance.now() - start)
      })
    },
    close: () => enqueue(() => net.close()),
  }
}

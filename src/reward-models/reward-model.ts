import {PolarError} from '../errors.js'

/** One input of a reward model. A model that needs ids and is given only text tokenizes it with the checkpoint's own tokenizer. */
export interface RewardInput {
  readonly text: string
  readonly ids?: Int32Array
}

/** A finite reward, or why this input has none. */
export type Outcome = {readonly reward: number} | {readonly error: PolarError}

/** The outcome of what a model gave: only a finite number is a reward. */
export function toOutcome(reward: number): Outcome {
  if (Number.isFinite(reward)) return {reward}
  return {
    error: new PolarError('reward', 'REWARD_MALFORMED', `the model gave ${reward}, which is no reward`, {
      suggestions: ['look for NaN or infinite weights in the checkpoint'],
    }),
  }
}

/** What made a reward: written beside every result. */
export interface ModelIdentity {
  /** `onnx`, `vllm`, … */
  readonly engine: string
  readonly engineVersion: string
  /** The name or path that the user gave. */
  readonly model: string
  /** sha256, hex, over config, weights and tokenizer files; of large weights only a part goes in (onnx/weights-digest.ts). */
  readonly weightsDigest: string
  /** Precision in which rewards are computed: `f32`, `q8`, `bf16`. */
  readonly dtype: string
  /** Whether the model was sent token ids or text. */
  readonly inputs: 'ids' | 'text'
  /** True for the bundled stand-in whose numbers mean nothing. */
  readonly placeholder?: boolean
}

export interface RewardOptions {
  readonly signal?: AbortSignal
}

/** Turns encoded inputs into rewards. ONNX, remote and pooled models are all one of these. */
export interface RewardModel {
  readonly identity: ModelIdentity
  /**
   * How this model wants a window of inputs split: lists of indices into `inputs`, every index once. A pure function of the
   * inputs, so that a resumed run makes the same batches as an uninterrupted one. A batch is also the most that a stop waits for.
   */
  batches(inputs: readonly RewardInput[]): readonly (readonly number[])[]
  /** One outcome per input, in order. Rejects only when the whole model is unusable. */
  rewards(inputs: readonly RewardInput[], options?: RewardOptions): Promise<Outcome[]>
  /** Tokens per second that this machine reaches, by a short trial. Only models that run here have it. */
  measure?(): Promise<number>
  /** Frees the model. Idempotent. */
  close(): Promise<void>
}

import * as z from 'zod'
import {PolarError} from '../../errors.js'
import {firstFew} from './first-few.js'

/** How positions are stretched beyond what the net was trained on. */
type RopeScaling =
  | {readonly type: 'none'}
  /** Positions divided by `factor`. */
  | {readonly type: 'linear'; readonly factor: number}
  /** A larger base for a text longer than `maxPositions`, by that text's own length. */
  | {readonly type: 'dynamic'; readonly factor: number}

/** Shape of an InternLM2 reward model, out of its `config.json`. */
export interface ModelConfig {
  readonly hiddenSize: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headSize: number
  readonly feedForwardSize: number
  readonly vocabSize: number
  readonly normEpsilon: number
  readonly ropeTheta: number
  readonly ropeScaling: RopeScaling
  readonly maxPositions: number
  /** The token that vLLM and other servers read the reward at. */
  readonly rewardTokenId: number | undefined
  /** True for the bundled stand-in, whose rewards mean nothing. */
  readonly isPlaceholder: boolean
}

const ARCHITECTURE = 'InternLM2ForRewardModel'
// Base and chat models of the same family: people do point at them.
const NO_REWARD: Readonly<Record<string, string>> = {
  InternLM2ForCausalLM: 'a base or chat model, not a reward model',
  InternLM2Model: 'a base model, not a reward model',
  InternLM2ForSequenceClassification: 'a classifier, not a POLAR reward model',
}

const sizeSchema = z.number().int().positive()
const ropeSchema = z.looseObject({
  type: z.string().optional(),
  rope_type: z.string().optional(),
  factor: z.number().positive().optional(),
  rope_theta: z.number().positive().optional(),
})
const configSchema = z.looseObject({
  architectures: z.array(z.string()).min(1),
  hidden_size: sizeSchema,
  num_hidden_layers: sizeSchema,
  num_attention_heads: sizeSchema,
  num_key_value_heads: sizeSchema.nullish(),
  intermediate_size: sizeSchema,
  vocab_size: sizeSchema,
  rms_norm_eps: z.number().positive(),
  hidden_act: z.string().default('silu'),
  rope_theta: z.number().positive().optional(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  max_position_embeddings: sizeSchema,
  reward_token_id: z.number().nullish(),
  polar_placeholder: z.boolean().optional(),
})

/** GroupQueryAttention of ONNX Runtime 1.30 rotates heads of such sizes only. */
const HEAD_SIZE_STEP = 16

function ropeScaling(config: z.infer<typeof configSchema>, refuse: (found: string) => PolarError): RopeScaling {
  // `rope_parameters` is how transformers 5 writes both the base and the scaling; the base alone needs no type.
  const scaling = config.rope_scaling ?? config.rope_parameters
  const type = scaling?.rope_type ?? scaling?.type
  if (!scaling || type === 'default') return {type: 'none'}
  if (type === undefined) {
    const others = Object.keys(scaling).filter((key) => key !== 'rope_theta')
    if (others.length > 0) throw refuse(`gives no type for its rope scaling of ${firstFew(others)}`)
    return {type: 'none'}
  }
  if (type !== 'linear' && type !== 'dynamic') throw refuse(`uses "${type}" rope scaling; linear and dynamic are known`)
  if (scaling.factor === undefined) throw refuse(`gives no factor for its ${type} rope scaling`)
  if (scaling.factor < 1) throw refuse(`has a factor of ${scaling.factor} for its ${type} rope scaling; it must be 1 or more`)
  return {type, factor: scaling.factor}
}

/** Reads the parsed content of `file`, a `config.json`. Throws MODEL_UNSUPPORTED, which says in one sentence what it holds instead. */
export function modelConfig(json: unknown, file: string): ModelConfig {
  const refuse = (found: string): PolarError =>
    new PolarError('environment', 'MODEL_UNSUPPORTED', `${file} ${found}`, {
      suggestions: ['name a POLAR reward model: --model internlm/POLAR-1_8B or --model DIRECTORY'],
      facts: {file},
    })
  const architectures = z.looseObject({architectures: z.array(z.string()).min(1)}).safeParse(json)
  if (!architectures.success) throw refuse(`names no architecture; ${ARCHITECTURE} is needed`)
  const found = firstFew(architectures.data.architectures)
  if (found !== ARCHITECTURE) throw refuse(`says ${found}: ${NO_REWARD[found] ?? `only ${ARCHITECTURE} can be run`}`)

  const parsed = configSchema.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refuse(`cannot be used: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  }
  const config = parsed.data
  const heads = config.num_attention_heads
  const kvHeads = config.num_key_value_heads ?? heads
  const headSize = config.hidden_size / heads
  if (config.hidden_act !== 'silu') throw refuse(`uses the activation "${config.hidden_act}"; only silu can be run`)
  if (heads % kvHeads !== 0) throw refuse(`has ${heads} heads, which ${kvHeads} key-value heads do not divide`)
  if (headSize % HEAD_SIZE_STEP !== 0) {
    throw refuse(`has heads of size ${headSize}; ONNX Runtime's attention needs a multiple of ${HEAD_SIZE_STEP}`)
  }
  const ropeTheta = config.rope_theta ?? config.rope_parameters?.rope_theta
  if (ropeTheta === undefined) throw refuse('gives no rope_theta')
  return {
    hiddenSize: config.hidden_size,
    layers: config.num_hidden_layers,
    heads,
    kvHeads,
    headSize,
    feedForwardSize: config.intermediate_size,
    vocabSize: config.vocab_size,
    normEpsilon: config.rms_norm_eps,
    ropeTheta,
    ropeScaling: ropeScaling(config, refuse),
    maxPositions: config.max_position_embeddings,
    rewardTokenId: config.reward_token_id ?? undefined,
    isPlaceholder: config.polar_placeholder ?? false,
  }
}

/** Multiplications that one token costs, attention aside: what batches and forecasts are sized by. */
export function weightsPerToken(config: ModelConfig): number {
  const attention = config.hiddenSize * config.headSize * (2 * config.heads + 2 * config.kvHeads)
  return config.layers * (attention + 3 * config.hiddenSize * config.feedForwardSize)
}

import type {ModelConfig} from './config.js'
import {MICROSOFT, onnxModel, type OnnxModel} from './onnx-model.js'
import type {Weights} from './weights.js'

/** Name of the graph's input or output that holds a layer's keys or values: float `[batch, kv heads, tokens, head size]`. */
export const cacheName = (when: 'past' | 'present', what: 'key' | 'value', layer: number): string => `${when}_${what}_${layer}`

/** A graph under construction, with the values that every layer uses. */
interface Build {
  readonly model: OnnxModel
  readonly config: ModelConfig
  readonly weights: Weights
  /** `[batch, sequence, kv heads, queries a kv head + 2, head size]`, as `wqkv` lays its output out. */
  readonly packedShape: string
  readonly flatRows: string
  readonly keyRows: string
  readonly queryRows: string
}

/** Keys, values and queries of one layer, `[batch, sequence, heads × head size]` each. */
function project(build: Build, layer: number, hidden: string): [query: string, key: string, value: string] {
  const {model, config, weights} = build
  const name = `model.layers.${layer}.attention.wqkv`
  const packed = weights.linear(model, {name, input: hidden})
  const sizes = model.constant('INT64', [3], [config.heads / config.kvHeads, 1, 1])
  const [query = '', key = '', value = ''] = model.node(
    {type: 'Split', inputs: [model.op('Reshape', [packed, build.packedShape]), sizes], attributes: {axis: 3}},
    [`query_${layer}`, `key_${layer}`, `value_${layer}`],
  )
  const {queryRows, keyRows} = build
  return [model.op('Reshape', [query, queryRows]), model.op('Reshape', [key, keyRows]), model.op('Reshape', [value, keyRows])]
}

/** Causal attention of every position; returns `[tokens, heads × head size]`. */
function attendAll(build: Build, layer: number, hidden: string): string {
  const {model, config} = build
  const inputs = [
    ...project(build, layer, hidden),
    cacheName('past', 'key', layer),
    cacheName('past', 'value', layer),
    'last_index',
    'total_length',
    'cos',
    'sin',
  ]
  const attributes = {num_heads: config.heads, kv_num_heads: config.kvHeads, do_rotary: 1}
  const outputs = [`attended_${layer}`, cacheName('present', 'key', layer), cacheName('present', 'value', layer)]
  const [attended = ''] = model.node({type: 'GroupQueryAttention', domain: MICROSOFT, inputs, attributes}, outputs)
  return model.op('Reshape', [attended, build.flatRows])
}

/** `[batch, sequence, heads × head size]`, rotated, to `[batch, heads, sequence, head size]`, behind the past. */
function cacheRows(build: Build, layer: number, what: 'key' | 'value', rows: string): string {
  const {model, config} = build
  const shape = model.constant('INT64', [4], [0, 0, config.kvHeads, config.headSize])
  const byHead = model.op('Transpose', [model.op('Reshape', [rows, shape])], {perm: {ints: [0, 2, 1, 3]}})
  const inputs = [cacheName('past', what, layer), byHead]
  const [present = ''] = model.node({type: 'Concat', inputs, attributes: {axis: 2}}, [cacheName('present', what, layer)])
  return present
}

/** Attention of each text's last position only, which is all that the reward needs of the last layer: `[batch, heads × head size]`. */
function attendLast(build: Build, layer: number, hidden: string): string {
  const {model, config} = build
  const [query, key, value] = project(build, layer, hidden)
  const rotate = (rows: string, positions: string, heads: number): string =>
    model.op('RotaryEmbedding', [rows, positions, 'cos', 'sin'], {num_heads: heads}, MICROSOFT)
  const keys = cacheRows(build, layer, 'key', rotate(key, 'first_position', config.kvHeads))
  const values = cacheRows(build, layer, 'value', value)

  const lastQuery = model.op('Gather', [model.op('Reshape', [query, build.flatRows]), 'last_row'])
  const asSequence = model.constant('INT64', [3], [0, 1, config.heads * config.headSize])
  const rotated = rotate(model.op('Reshape', [lastQuery, asSequence]), 'last_position', config.heads)
  const byKvHead = model.constant('INT64', [4], [0, config.kvHeads, config.heads / config.kvHeads, config.headSize])
  const scale = {transB: 1, alpha: {float: 1 / Math.sqrt(config.headSize)}}
  const scores = model.op('FusedMatMul', [model.op('Reshape', [rotated, byKvHead]), keys], scale, MICROSOFT)
  const shares = model.op('Softmax', [model.op('Add', [scores, 'padding'])], {axis: -1})
  return model.op('Reshape', [model.op('MatMul', [shares, values]), build.flatRows])
}

function feedForward(build: Build, layer: number, hidden: string): string {
  const {model, weights} = build
  const linear = (part: string, input: string): string =>
    weights.linear(model, {name: `model.layers.${layer}.feed_forward.${part}`, input})
  const gate = linear('w1', hidden)
  const up = linear('w3', hidden)
  const gated = model.op('Mul', [model.op('QuickGelu', [gate], {alpha: {float: 1}}, MICROSOFT), up])
  return linear('w2', gated)
}

function declareInputs(model: OnnxModel, config: ModelConfig): void {
  model.input('ids', 'INT32', ['batch', 'sequence'])
  model.input('last_index', 'INT32', ['batch'])
  model.input('total_length', 'INT32', [1])
  model.input('cos', 'FLOAT', ['positions', config.headSize / 2])
  model.input('sin', 'FLOAT', ['positions', config.headSize / 2])
  model.input('first_position', 'INT64', [1])
  model.input('last_position', 'INT64', ['batch', 1])
  model.input('last_row', 'INT32', ['batch'])
  model.input('padding', 'FLOAT', ['batch', 1, 1, 'total'])
  for (let layer = 0; layer < config.layers; layer++) {
    for (const what of ['key', 'value'] as const) {
      model.input(cacheName('past', what, layer), 'FLOAT', ['batch', config.kvHeads, 'past', config.headSize])
      model.output(cacheName('present', what, layer), 'FLOAT', ['batch', config.kvHeads, 'total', config.headSize])
    }
  }
}

/**
 * The reward model as an ONNX file. Inputs (int32 unless said): `ids` [batch, sequence], right-padded; `last_index` [batch],
 * index of each text's last token counted from the start of its past; `total_length` [1], past and sequence; `cos`, `sin`
 * float [positions, head size / 2]; `first_position` int64 [1], length of the past; `last_position` int64 [batch, 1], as
 * `last_index`; `last_row` [batch], row of each text's last token among all rows of `ids`; `padding` float [batch, 1, 1, total],
 * 0 where a text has a token, else a large negative number; the past keys and values of each layer.
 * Outputs: `reward` float [batch, 1], and the keys and values with this run's behind those of the past.
 *
 * The net is InternLM2's (`modeling_internlm2.py`), the reward `v_head(norm(h))` at the last token. Of the last layer only
 * the keys and values are computed for every token.
 */
export function rewardGraph(config: ModelConfig, weights: Weights): Uint8Array {
  const model = onnxModel('reward')
  declareInputs(model, config)
  const groups = model.constant('INT64', [3], [config.kvHeads, config.heads / config.kvHeads + 2, config.headSize])
  const build: Build = {
    model,
    config,
    weights,
    packedShape: model.op('Concat', [model.op('Shape', ['ids']), groups], {axis: 0}),
    flatRows: model.constant('INT64', [2], [-1, config.heads * config.headSize]),
    queryRows: model.constant('INT64', [3], [0, 0, config.heads * config.headSize]),
    keyRows: model.constant('INT64', [3], [0, 0, config.kvHeads * config.headSize]),
  }
  const epsilon = {epsilon: {float: config.normEpsilon}}
  /** Adds to the residual stream: the sum, and its norm. */
  const addAndNorm = (added: string, residual: string, norm: string, label: string): [normed: string, sum: string] => {
    const [normed = '', , , sum = ''] = model.node(
      {
        type: 'SkipSimplifiedLayerNormalization',
        domain: MICROSOFT,
        inputs: [added, residual, weights.tensor(model, norm)],
        attributes: epsilon,
      },
      [`${label}_normed`, '', '', `${label}_sum`],
    )
    return [normed, sum]
  }

  const flatIds = model.op('Reshape', ['ids', model.constant('INT64', [1], [-1])])
  let residual = weights.embedding(model, flatIds)
  const firstNorm = weights.tensor(model, 'model.layers.0.attention_norm.weight')
  let hidden = model.op('SimplifiedLayerNormalization', [residual, firstNorm], {axis: -1, ...epsilon})
  for (let layer = 0; layer < config.layers; layer++) {
    const isLast = layer === config.layers - 1
    const attended = (isLast ? attendLast : attendAll)(build, layer, hidden)
    if (isLast) residual = model.op('Gather', [residual, 'last_row'])
    const added = weights.linear(model, {name: `model.layers.${layer}.attention.wo`, input: attended})
    const ffnNorm = `model.layers.${layer}.ffn_norm.weight`
    ;[hidden, residual] = addAndNorm(added, residual, ffnNorm, `attention_${layer}`)
    const nextNorm = isLast ? 'model.norm.weight' : `model.layers.${layer + 1}.attention_norm.weight`
    ;[hidden, residual] = addAndNorm(feedForward(build, layer, hidden), residual, nextNorm, `layer_${layer}`)
  }
  const head = weights.tensor(model, 'v_head.weight')
  model.node({type: 'Gemm', inputs: [hidden, head], attributes: {transB: 1}}, ['reward'])
  model.output('reward', 'FLOAT', ['batch', 1])
  return model.finish()
}

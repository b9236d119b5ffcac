import {existsSync, openSync, writeSync, closeSync, renameSync} from 'node:fs'
import {cp, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {cache, tokenizer} from './paths.mjs'

export const SHAPE = {hidden: 2048, heads: 16, kvHeads: 8, feedForward: 8192, vocabulary: 92544}

/** Multiplications that a token costs in the linear layers. */
export const weightsPerLayer =
  SHAPE.hidden * (SHAPE.hidden * 2 + (SHAPE.hidden * 2 * SHAPE.kvHeads) / SHAPE.heads + 3 * SHAPE.feedForward)

/** POLAR-1.8B's shape, bf16, random weights, every layer its own: a folder in Hugging Face's layout, made on first use. */
export async function checkpoint(layers, log) {
  const folder = join(cache, `internlm2-1.8b-${layers}-layers`)
  const file = join(folder, 'model.safetensors')
  if (existsSync(file)) return folder
  log(`makes a checkpoint of ${layers} layers`)
  await mkdir(folder, {recursive: true})
  await cp(tokenizer, folder, {
    recursive: true,
    filter: (path) => !/(config\.json|\.safetensors|\.md)$/.test(path) || path.endsWith('tokenizer_config.json'),
  })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config(layers), undefined, 2))
  writeTensors(`${file}.tmp`, tensors(layers))
  renameSync(`${file}.tmp`, file)
  return folder
}

function config(layers) {
  return {
    architectures: ['InternLM2ForRewardModel'],
    bias: false,
    hidden_act: 'silu',
    hidden_size: SHAPE.hidden,
    intermediate_size: SHAPE.feedForward,
    max_position_embeddings: 32768,
    model_type: 'internlm2',
    num_attention_heads: SHAPE.heads,
    num_hidden_layers: layers,
    num_key_value_heads: SHAPE.kvHeads,
    rms_norm_eps: 1e-5,
    rope_scaling: null,
    rope_theta: 1000000,
    torch_dtype: 'bfloat16',
    vocab_size: SHAPE.vocabulary,
  }
}

function tensors(layers) {
  const {hidden, heads, kvHeads, feedForward, vocabulary} = SHAPE
  const list = [['model.tok_embeddings.weight', [vocabulary, hidden]]]
  for (let layer = 0; layer < layers; layer++) {
    const prefix = `model.layers.${layer}.`
    list.push([`${prefix}attention.wqkv.weight`, [hidden + (2 * hidden * kvHeads) / heads, hidden]])
    list.push([`${prefix}attention.wo.weight`, [hidden, hidden]])
    list.push([`${prefix}feed_forward.w1.weight`, [feedForward, hidden]])
    list.push([`${prefix}feed_forward.w3.weight`, [feedForward, hidden]])
    list.push([`${prefix}feed_forward.w2.weight`, [hidden, feedForward]])
    list.push([`${prefix}attention_norm.weight`, [hidden]], [`${prefix}ffn_norm.weight`, [hidden]])
  }
  list.push(['model.norm.weight', [hidden]], ['v_head.weight', [1, hidden]])
  return list
}

function writeTensors(path, list) {
  const header = {__metadata__: {format: 'pt'}}
  let offset = 0
  for (const [name, shape] of list) {
    const bytes = shape.reduce((product, size) => product * size, 1) * 2
    header[name] = {dtype: 'BF16', shape, data_offsets: [offset, (offset += bytes)]}
  }
  const json = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8))
  const file = openSync(path, 'w')
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  writeSync(file, Buffer.concat([length, json]))
  const block = new Uint16Array(1 << 24)
  let state = 20261122
  const bits = bf16Table()
  for (const [name, shape] of list) {
    let left = shape.reduce((product, size) => product * size, 1)
    while (left > 0) {
      const count = Math.min(left, block.length)
      if (name.endsWith('norm.weight')) block.fill(0x3f80, 0, count)
      else {
        for (let i = 0; i < count; i++) {
          // mulberry32; the sum of its four bytes is close to normal
          state = (state + 0x6d2b79f5) | 0
          let x = Math.imul(state ^ (state >>> 15), state | 1)
          x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
          x ^= x >>> 14
          block[i] = bits[(x & 255) + ((x >>> 8) & 255) + ((x >>> 16) & 255) + (x >>> 24)]
        }
      }
      writeFully(file, new Uint8Array(block.buffer, 0, count * 2))
      left -= count
    }
  }
  closeSync(file)
}

function writeFully(file, bytes) {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
}

/** bf16 of (sum of four bytes - mean), standard deviation 0.02. */
function bf16Table() {
  const deviation = Math.sqrt((4 * (256 ** 2 - 1)) / 12)
  const floats = Float32Array.from({length: 1021}, (_, sum) => ((sum - 510) / deviation) * 0.02)
  return new Uint16Array(floats.buffer).filter((_, i) => i % 2 === 1)
}

// Writes models/polar-nano/model.safetensors: pseudo-random bf16 weights in POLAR's architecture, the same bytes everywhere.
// The rewards of this checkpoint mean nothing; it lets every part of polar run without a download.
import {existsSync, readFileSync, renameSync, writeFileSync} from 'node:fs'
import {createHash} from 'node:crypto'

const folder = new URL('../models/polar-nano/', import.meta.url)
const target = new URL('model.safetensors', folder)
const config = JSON.parse(readFileSync(new URL('config.json', folder), 'utf8'))
const digest = '78a3fb70c22f7cc0f1f79f273919458c3f9398fd6a705b60057691b9d35349ea'

const {hidden_size: hidden, intermediate_size: ffn, vocab_size: vocab, num_hidden_layers: layers} = config
const headSize = hidden / config.num_attention_heads
const wqkvRows = (config.num_attention_heads + 2 * config.num_key_value_heads) * headSize

/** [name, shape, centre, spread] of every tensor, in file order. */
const tensors = [['model.tok_embeddings.weight', [vocab, hidden], 0, 1.5]]
for (let layer = 0; layer < layers; layer++) {
  const name = `model.layers.${layer}`
  tensors.push(
    [`${name}.attention.wqkv.weight`, [wqkvRows, hidden], 0, 0.35],
    [`${name}.attention.wo.weight`, [hidden, hidden], 0, 0.5],
    [`${name}.feed_forward.w1.weight`, [ffn, hidden], 0, 0.35],
    [`${name}.feed_forward.w3.weight`, [ffn, hidden], 0, 0.35],
    [`${name}.feed_forward.w2.weight`, [hidden, ffn], 0, 0.4],
    [`${name}.attention_norm.weight`, [hidden], 1, 0.2],
    [`${name}.ffn_norm.weight`, [hidden], 1, 0.2],
  )
}
tensors.push(['model.norm.weight', [hidden], 1, 0.2], ['v_head.weight', [1, hidden], 0, 0.6])

/** A well-mixed 32-bit word for a counter (Wellons' lowbias32). */
function mix(counter) {
  let x = counter >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** Rounds to bfloat16, ties to even. */
function bfloat16(value, scratch) {
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

function build() {
  const header = {__metadata__: {format: 'pt', note: 'polar-nano: pseudo-random weights, rewards mean nothing'}}
  let offset = 0
  for (const [name, shape] of tensors) {
    const end = offset + 2 * shape.reduce((a, b) => a * b)
    header[name] = {dtype: 'BF16', shape, data_offsets: [offset, end]}
    offset = end
  }
  const json = JSON.stringify(header)
  const headerBytes = Buffer.from(json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8, ' '))
  const file = Buffer.alloc(8 + headerBytes.length + offset)
  file.writeBigUInt64LE(BigInt(headerBytes.length), 0)
  headerBytes.copy(file, 8)
  const scratch = new DataView(new ArrayBuffer(4))
  let at = 8 + headerBytes.length
  let counter = 0x9e3779b9
  for (const [, shape, centre, spread] of tensors) {
    for (let left = shape.reduce((a, b) => a * b); left > 0; left--, at += 2) {
      const unit = mix(counter++) / 2 ** 31 - 1
      file.writeUInt16LE(bfloat16(centre + unit * spread, scratch), at)
    }
  }
  return file
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

if (!existsSync(target) || sha256(readFileSync(target)) !== digest) {
  const file = build()
  if (sha256(file) !== digest) throw new Error(`polar-nano came out with sha256 ${sha256(file)}, wanted ${digest}`)
  const temporary = new URL(`model.safetensors.${process.pid}.tmp`, folder)
  writeFileSync(temporary, file)
  renameSync(temporary, target)
}

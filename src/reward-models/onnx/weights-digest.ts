import {createHash} from 'node:crypto'
import {open} from 'node:fs/promises'
import type {Checkpoint} from './checkpoint.js'

/** A file up to this size is hashed whole. */
const WHOLE_BYTES = 256 << 20
const SAMPLES = 256
const SAMPLE_BYTES = 64 << 10

/**
 * sha256, hex, over `config.json` and the safetensors files in the order of their names. A file of up to 256 MiB is hashed whole. Of
 * a larger one go in its size, its first 16 MiB (with the header: names, types, shapes, offsets) and 256 blocks of 64 KiB spread
 * evenly, the last bytes among them: a fifth of a second instead of a minute for 15 GB. That tells apart models that were trained
 * differently, in which every block differs; it does not prove that no byte in between was changed. The same weights have the same
 * digest wherever they lie; sharded otherwise they have another.
 */
export async function weightsDigest(checkpoint: Checkpoint): Promise<string> {
  const hash = createHash('sha256')
  for (const path of checkpoint.files) {
    const file = await open(path)
    try {
      const {size} = await file.stat()
      hash.update(`${size}\0`)
      for (const [start, length] of blocks(size)) {
        const buffer = Buffer.alloc(length)
        const {bytesRead} = await file.read(buffer, 0, length, start)
        hash.update(buffer.subarray(0, bytesRead))
      }
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex')
}

function* blocks(size: number): Generator<readonly [start: number, length: number]> {
  const chunk = 16 << 20
  const whole = size <= WHOLE_BYTES ? size : chunk
  for (let start = 0; start < whole; start += chunk) yield [start, Math.min(chunk, whole - start)]
  if (whole === size) return
  const last = size - SAMPLE_BYTES
  for (let i = 1; i <= SAMPLES; i++) yield [whole + Math.floor(((last - whole) * i) / SAMPLES), SAMPLE_BYTES]
}

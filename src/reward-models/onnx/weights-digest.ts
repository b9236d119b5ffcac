import {createHash} from 'node:crypto'
import {open, realpath} from 'node:fs/promises'
import {basename} from 'node:path'
import {fileDigest} from '../../system/digest.js'
import {readFully} from '../../system/read-fully.js'
import type {Checkpoint, StoredTensor} from './checkpoint.js'

/** A file up to this size is hashed whole, and so is the beginning of any other, in such blocks. */
const WHOLE_BYTES = 256 << 20
const BLOCK_BYTES = 16 << 20
const SAMPLES = 256
const SAMPLE_BYTES = 64 << 10
/** A tensor of less is hashed whole: the reward head is one, and may be all that a training has changed. */
const SMALL_BYTES = 1 << 20

/**
 * sha256, hex, over `config.json` and the safetensors files in the order of their names. A file of up to 256 MiB is hashed whole. Of
 * a larger one go in its size, its first 16 MiB (with the header: names, types, shapes, offsets), 256 blocks of 64 KiB spread evenly,
 * the last bytes among them, and every tensor of the net of less than 1 MiB, so the norms, the biases and the reward head: a fifth of
 * a second instead of a minute for 15 GB. That tells apart models that were trained differently, in which every block differs or the
 * reward head does; it does not prove that no byte in between was changed. The same weights have the same digest wherever they lie;
 * sharded otherwise they have another.
 */
export async function weightsDigest(checkpoint: Checkpoint): Promise<string> {
  const hash = createHash('sha256')
  for (const path of checkpoint.files) {
    const stored = await realpath(path)
    const tensors = [...checkpoint.tensors.values()].filter((tensor) => tensor.file === stored)
    const file = await open(path)
    try {
      const {size} = await file.stat()
      hash.update(`${size}\0`)
      for (const [start, length] of parts(size, tensors)) hash.update(await readFully(file, Buffer.alloc(length), start))
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex')
}

/**
 * sha256, hex, of all that makes this model's rewards of a text: its {@link weightsDigest} and every tokenizer file, whole. A tokenizer
 * that says otherwise gives other ids, and so other rewards.
 */
export async function modelDigest(checkpoint: Checkpoint, weights: string): Promise<string> {
  const hash = createHash('sha256').update(weights)
  for (const path of checkpoint.tokenizerFiles) hash.update(`\0${basename(path)}\0${(await fileDigest(path)).sha256}`)
  return hash.digest('hex')
}

function* parts(size: number, tensors: readonly StoredTensor[]): Generator<readonly [start: number, length: number]> {
  const whole = size <= WHOLE_BYTES ? size : BLOCK_BYTES
  for (let start = 0; start < whole; start += BLOCK_BYTES) yield [start, Math.min(BLOCK_BYTES, whole - start)]
  if (whole === size) return
  const last = size - SAMPLE_BYTES
  for (let i = 1; i <= SAMPLES; i++) yield [whole + Math.floor(((last - whole) * i) / SAMPLES), SAMPLE_BYTES]
  const small = tensors.filter(({bytes}) => bytes < SMALL_BYTES)
  for (const {offset, bytes} of small.toSorted((a, b) => a.offset - b.offset)) yield [offset, bytes]
}

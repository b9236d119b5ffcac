import {createHash} from 'node:crypto'
import {open, stat, type FileHandle} from 'node:fs/promises'
import {dirname} from 'node:path'
import {PolarError} from '../../errors.js'
import {fileError, hasCode} from '../../system/file-errors.js'
import {removeTemporaries, writeAtomically} from '../../system/files.js'
import {makeFolder} from '../../system/make-folder.js'
import {readFully} from '../../system/read-fully.js'
import {storedTensor, type Checkpoint, type StoredTensor} from './checkpoint.js'
import type {Q8Plan} from './q8-plan.js'
import {lockQuantizing, type LockOptions} from './quantizing-lock.js'
import {quantizeRows, rotateBlocks, rotationSize} from './quantize.js'
import {readWeights} from './read-weights.js'

/** Where a quantised layer lies in the file: `values` are bytes [inputs, outputs], `scales` float32 [outputs]. */
export interface QuantizedLayer {
  readonly inFeatures: number
  readonly outFeatures: number
  readonly values: number
  readonly scales: number
}

export interface QuantizeOptions extends LockOptions {
  /** Told how much of the work is done, from 0 to 1. Not called where the file is there already. */
  readonly onProgress?: (share: number) => void
}

/** What the file says about itself in its first bytes, behind which `dataBytes` of weights follow, hashed by `sha256`. */
interface Header {
  readonly format: string
  readonly weights: string
  readonly dataBytes: number
  readonly sha256: string
}

// To be changed with whatever changes the bytes that are made of a checkpoint.
const FORMAT = 'polar q8 1'
const HEADER_BYTES = 512
const ALIGNMENT = 64
const READ_BYTES = 16 << 20
/** Outputs that are transposed at a time: a line of the processor's cache. */
const BAND = 64

const LINEAR = /\.(wqkv|wo|w1|w2|w3)\.weight$/

/** The last name of a layer, by which a scheme chooses. */
export function layerPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

/** Every linear layer by its name without `.weight`, and the size of the file: a pure function of the net's shape. */
export function quantizedLayout(checkpoint: Checkpoint): {layers: ReadonlyMap<string, QuantizedLayer>; end: number} {
  const layers = new Map<string, QuantizedLayer>()
  let end = HEADER_BYTES
  const place = (bytes: number): number => {
    const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT
    end = start + bytes
    return start
  }
  for (const {name, shape} of checkpoint.tensors.values()) {
    const [outFeatures = 0, inFeatures = 0] = shape
    if (!LINEAR.test(name)) continue
    const layer = {inFeatures, outFeatures, values: place(inFeatures * outFeatures), scales: place(outFeatures * 4)}
    layers.set(name.replace(/\.weight$/, ''), layer)
  }
  return {layers, end}
}

/**
 * Makes sure that `path` holds the checkpoint's linear layers in the plan's form, made from the weights with this digest. A file
 * that is there is hashed whole and used if it is what it says and says what is asked; any other is made again. Memory: one layer.
 * Throws DISK_FULL, NOT_WRITABLE, LOCKED (another process that makes it stands still) or MODEL_UNSUPPORTED (weights
 * that end too early).
 */
export async function ensureQuantizedFile(
  path: string,
  checkpoint: Checkpoint,
  digest: string,
  plan: Q8Plan,
  options: QuantizeOptions = {},
): Promise<void> {
  const {signal} = options
  const expected = {
    format: `${FORMAT} ${plan.name}`,
    weights: digest,
    dataBytes: quantizedLayout(checkpoint).end - HEADER_BYTES,
  }
  if (await isIntact(path, expected, signal)) return
  await makeFolder(dirname(path))
  const release = await lockQuantizing(path, options)
  try {
    await removeTemporaries(path)
    if (await isIntact(path, expected, signal)) return // another process has made it meanwhile
    await writeAtomically(path, async (file) => {
      const sha256 = await writeLayers(file, checkpoint, plan, options)
      await writeFully(file, headerBytes({...expected, sha256}), 0)
    })
  } finally {
    await release()
  }
}

function headerBytes(header: Header): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES, ' ')
  bytes.write(JSON.stringify(header))
  return bytes
}

/** Whether a file is there; a link to nowhere or a pipe is none, and is replaced. Throws NOT_WRITABLE for a folder, which is not. */
async function isFile(path: string): Promise<boolean> {
  const stats = await stat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ELOOP')) return undefined
    throw fileError(error, path)
  })
  if (stats?.isDirectory()) {
    throw new PolarError('environment', 'NOT_WRITABLE', `${path} is a folder; 8-bit weights are kept in a file of that name`, {
      suggestions: [`rm -r ${path}`],
      facts: {file: path},
    })
  }
  return stats?.isFile() ?? false
}

async function isIntact(path: string, expected: Omit<Header, 'sha256'>, signal: AbortSignal | undefined): Promise<boolean> {
  if (!(await isFile(path))) return false
  const file = await open(path).catch((error: unknown) => {
    throw fileError(error, path)
  })
  try {
    const {size} = await file.stat()
    if (size !== HEADER_BYTES + expected.dataBytes) return false
    const header = await readFully(file, Buffer.alloc(HEADER_BYTES), 0)
    return headerBytes({...expected, sha256: await hashData(file, size, signal)}).equals(header)
  } finally {
    await file.close()
  }
}

/** sha256, hex, of what follows the header. */
async function hashData(file: FileHandle, size: number, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(READ_BYTES)
  for (let position = HEADER_BYTES; position < size;) {
    signal?.throwIfAborted()
    const {bytesRead} = await file.read(buffer, 0, READ_BYTES, position)
    if (bytesRead === 0) break
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return hash.digest('hex')
}

/** Writes every layer behind the header; returns the sha256 of all that. */
async function writeLayers(file: FileHandle, checkpoint: Checkpoint, plan: Q8Plan, options: QuantizeOptions): Promise<string> {
  const hash = createHash('sha256')
  const {layers, end} = quantizedLayout(checkpoint)
  let position = HEADER_BYTES
  const append = async (bytes: Uint8Array, start: number): Promise<void> => {
    const padded = Buffer.concat([Buffer.alloc(start - position), bytes])
    hash.update(padded)
    await writeFully(file, padded, position)
    position += padded.length
  }
  for (const [name, layer] of layers) {
    const {values, scales} = await quantizeLayer(storedTensor(checkpoint, `${name}.weight`), layer, plan, options.signal)
    await append(values, layer.values)
    await append(new Uint8Array(scales.buffer), layer.scales)
    options.onProgress?.(position / end)
  }
  return hash.digest('hex')
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const {bytesWritten} = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** Quantises a tensor [outputs, inputs] and transposes it, as MatMul wants it; rotated first where the plan says so. */
async function quantizeLayer(
  tensor: StoredTensor,
  {inFeatures, outFeatures}: QuantizedLayer,
  plan: Q8Plan,
  signal: AbortSignal | undefined,
): Promise<{values: Uint8Array; scales: Float32Array}> {
  const values = new Uint8Array(inFeatures * outFeatures)
  const scales = new Float32Array(outFeatures)
  const part = layerPart(tensor.name.replace(/\.weight$/, ''))
  const file = await open(tensor.file)
  try {
    for (let first = 0; first < outFeatures; first += BAND) {
      signal?.throwIfAborted()
      const count = Math.min(BAND, outFeatures - first)
      const weights = await readWeights(file, tensor, first, count)
      if (plan.isRotated(part)) rotateBlocks(weights, rotationSize(inFeatures))
      const rows = quantizeRows(weights, inFeatures, plan.form(part))
      scales.set(rows.scales, first)
      transposeInto(values, rows.values, {first, count, inFeatures, outFeatures})
    }
  } finally {
    await file.close()
  }
  return {values, scales}
}

function transposeInto(
  target: Uint8Array,
  rows: Uint8Array,
  at: {readonly first: number; readonly count: number; readonly inFeatures: number; readonly outFeatures: number},
): void {
  for (let input = 0; input < at.inFeatures; input++) {
    const start = input * at.outFeatures + at.first
    for (let row = 0; row < at.count; row++) target[start + row] = rows[row * at.inFeatures + input] ?? 0
  }
}

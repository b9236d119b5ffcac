import {createHash} from 'node:crypto'
import {mkdir, open, type FileHandle} from 'node:fs/promises'
import {dirname} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {PolarError} from '../../errors.js'
import {fileError} from '../../system/file-errors.js'
import {lock, writeAtomically} from '../../system/files.js'
import {storedTensor, type Checkpoint, type StoredTensor} from './checkpoint.js'
import type {Q8Scheme} from './q8-scheme.js'
import {quantizeRows, rotateBlocks, rotationSize} from './quantize.js'
import {widen} from './widen.js'

/** Where a quantised layer lies in the file: `values` are bytes [inputs, outputs], `scales` float32 [outputs]. */
export interface QuantizedLayer {
  readonly inFeatures: number
  readonly outFeatures: number
  readonly values: number
  readonly scales: number
}

export interface QuantizeOptions {
  readonly signal?: AbortSignal
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
 * Makes sure that `path` holds the checkpoint's linear layers in the scheme's form, made from the weights with this digest. A file
 * that is there is hashed whole and used if it is what it says and says what is asked; any other is made again. Memory: one layer.
 * Errors: DISK_FULL, NOT_WRITABLE.
 */
export async function ensureQuantizedFile(
  path: string,
  checkpoint: Checkpoint,
  digest: string,
  scheme: Q8Scheme,
  options: QuantizeOptions = {},
): Promise<void> {
  const {signal} = options
  const expected = {
    format: `${FORMAT} ${scheme.name}`,
    weights: digest,
    dataBytes: quantizedLayout(checkpoint).end - HEADER_BYTES,
  }
  if (await isIntact(path, expected, signal)) return
  await mkdir(dirname(path), {recursive: true}).catch((error: unknown) => {
    throw fileError(error, dirname(path)) ?? error
  })
  const release = await waitForLock(`${path}.lock`, signal)
  try {
    if (await isIntact(path, expected, signal)) return // another process has made it meanwhile
    await writeAtomically(path, async (file) => {
      const sha256 = await writeLayers(file, checkpoint, scheme, options)
      await file.write(headerBytes({...expected, sha256}), 0, HEADER_BYTES, 0)
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

async function isIntact(path: string, expected: Omit<Header, 'sha256'>, signal: AbortSignal | undefined): Promise<boolean> {
  let file: FileHandle
  try {
    file = await open(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw fileError(error, path) ?? error
  }
  try {
    const {size} = await file.stat()
    if (size !== HEADER_BYTES + expected.dataBytes) return false
    const header = Buffer.alloc(HEADER_BYTES)
    await file.read(header, 0, HEADER_BYTES, 0)
    return header.equals(headerBytes({...expected, sha256: await hashData(file, size, signal)}))
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

async function waitForLock(path: string, signal: AbortSignal | undefined): Promise<() => Promise<void>> {
  for (;;) {
    try {
      return await lock(path, 'the quantised model')
    } catch (error) {
      if (!(error instanceof PolarError) || error.code !== 'LOCKED') throw error
    }
    await wait(500, undefined, signal ? {signal} : {}) // whoever holds it is making what we need
  }
}

/** Writes every layer behind the header; returns the sha256 of all that. */
async function writeLayers(
  file: FileHandle,
  checkpoint: Checkpoint,
  scheme: Q8Scheme,
  options: QuantizeOptions,
): Promise<string> {
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
    const {values, scales} = await quantizeLayer(storedTensor(checkpoint, `${name}.weight`), layer, scheme, options.signal)
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

/** Quantises a tensor [outputs, inputs] and transposes it, as MatMul wants it; rows of `w2` are rotated first. */
async function quantizeLayer(
  tensor: StoredTensor,
  {inFeatures, outFeatures}: QuantizedLayer,
  scheme: Q8Scheme,
  signal: AbortSignal | undefined,
): Promise<{values: Uint8Array; scales: Float32Array}> {
  const values = new Uint8Array(inFeatures * outFeatures)
  const scales = new Float32Array(outFeatures)
  const part = layerPart(tensor.name.replace(/\.weight$/, ''))
  const rowBytes = tensor.bytes / outFeatures
  const file = await open(tensor.file)
  try {
    for (let first = 0; first < outFeatures; first += BAND) {
      signal?.throwIfAborted()
      const count = Math.min(BAND, outFeatures - first)
      const bytes = Buffer.alloc(count * rowBytes)
      await readFully(file, bytes, tensor.offset + first * rowBytes)
      const weights = widen(bytes, tensor.type)
      if (isRotated(part)) rotateBlocks(weights, rotationSize(inFeatures))
      const rows = quantizeRows(weights, inFeatures, scheme.form(part))
      scales.set(rows.scales, first)
      transposeInto(values, rows.values, {first, count, inFeatures, outFeatures})
    }
  } finally {
    await file.close()
  }
  return {values, scales}
}

/** Only what enters `w2`, a product of two numbers, has tails so long that rotating pays. */
export function isRotated(part: string): boolean {
  return part === 'w2'
}

async function readFully(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const {bytesRead} = await file.read(bytes, done, bytes.length - done, position + done)
    if (bytesRead === 0)
      throw new PolarError('environment', 'MODEL_UNSUPPORTED', 'a file of weights became shorter while it was read')
    done += bytesRead
  }
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

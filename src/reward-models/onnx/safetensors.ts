import {isUtf8} from 'node:buffer'
import {open} from 'node:fs/promises'
import * as z from 'zod'
import {PolarError} from '../../errors.js'
import {parseJson} from '../../system/json.js'
import {readFully} from '../../system/read-fully.js'

/** Element types that a reward model's weights may have; safetensors knows more. */
export type SafetensorsType = 'F32' | 'F16' | 'BF16'
const TYPE_BYTES: Readonly<Record<SafetensorsType, number>> = {F32: 4, F16: 2, BF16: 2}

/** A tensor of a safetensors file; `offset` counts from the start of the file. */
export interface SafetensorsEntry {
  readonly type: string
  readonly shape: readonly number[]
  readonly offset: number
  readonly bytes: number
}

// The limit of the reference implementation (safetensors 0.8, `MAX_HEADER_SIZE`).
const MAX_HEADER_BYTES = 100_000_000
const countSchema = z.number().int().nonnegative()
const headerSchema = z.record(
  z.string(),
  z.object({dtype: z.string(), shape: z.array(countSchema), data_offsets: z.tuple([countSchema, countSchema])}),
)

export function isFloatType(type: string): type is SafetensorsType {
  return Object.hasOwn(TYPE_BYTES, type)
}

function unsupported(file: string, found: string, facts: Record<string, unknown> = {}): PolarError {
  return new PolarError('environment', 'MODEL_UNSUPPORTED', `${file} ${found}`, {
    facts: {file, ...facts},
    suggestions: ['fetch this file again'],
  })
}

function parseHeader(file: string, bytes: Uint8Array): z.infer<typeof headerSchema> {
  const json = isUtf8(bytes) ? parseJson(Buffer.from(bytes).toString()) : undefined
  if (json === undefined) throw unsupported(file, 'is not a safetensors file: its header is not JSON')
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw unsupported(file, 'is not a safetensors file: its header is not a JSON object')
  }
  const parsed = headerSchema.safeParse(Object.fromEntries(Object.entries(json).filter(([name]) => name !== '__metadata__')))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw unsupported(file, `has a damaged header: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
}

/** Tensors lie one behind the other, without overlap or hole, from the header to the end of the file: so the format says. */
function demandGapless(file: string, tensors: ReadonlyMap<string, SafetensorsEntry>, start: number, size: number): void {
  let position = start
  const order = [...tensors].toSorted(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes)
  for (const [name, {offset, bytes}] of order) {
    if (offset !== position) {
      const how = offset < position ? 'inside the tensor before it' : `${offset - position} bytes behind the tensor before it`
      throw unsupported(file, `has a damaged header: ${name} begins ${how}`, {tensor: name, offset, expected: position})
    }
    position += bytes
  }
  if (position !== size)
    throw unsupported(file, `has ${size - position} bytes behind its last tensor`, {size, expected: position})
}

/** A safetensors file's tensors by name, checked against the file's size. Throws MODEL_UNSUPPORTED where it is damaged. */
export async function readSafetensors(file: string): Promise<Map<string, SafetensorsEntry>> {
  const handle = await open(file)
  try {
    const {size} = await handle.stat()
    const prefix = Buffer.alloc(8)
    if ((await readFully(handle, prefix, 0)).length < 8) {
      throw unsupported(file, `is not a safetensors file: it has ${size} bytes`)
    }
    const headerBytes = Number(prefix.readBigUInt64LE())
    if (headerBytes > MAX_HEADER_BYTES) {
      throw unsupported(file, 'is not a safetensors file: it does not begin with the size of a header')
    }
    if (8 + headerBytes > size) {
      throw unsupported(file, `is cut short: its header has ${headerBytes} bytes, the file ${size}`, {size})
    }
    const header = await readFully(handle, Buffer.alloc(headerBytes), 8)

    const tensors = new Map<string, SafetensorsEntry>()
    for (const [name, {dtype, shape, data_offsets: offsets}] of Object.entries(parseHeader(file, header))) {
      const [begin, end] = offsets
      const elements = shape.reduce((product, dim) => product * dim, 1)
      if (end < begin || (isFloatType(dtype) && end - begin !== elements * TYPE_BYTES[dtype])) {
        throw unsupported(file, `has a damaged header: ${name} is ${dtype} [${shape.join(', ')}] in ${end - begin} bytes`)
      }
      const needed = 8 + headerBytes + end
      if (needed > size) {
        throw unsupported(file, `is cut short: ${name} ends at byte ${needed}, the file has ${size}`, {size, needed})
      }
      tensors.set(name, {type: dtype, shape, offset: 8 + headerBytes + begin, bytes: end - begin})
    }
    demandGapless(file, tensors, 8 + headerBytes, size)
    return tensors
  } finally {
    await handle.close()
  }
}

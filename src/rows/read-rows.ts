import {createReadStream} from 'node:fs'
import {access, constants, open, stat} from 'node:fs/promises'
import {addAbortSignal, pipeline, Readable} from 'node:stream'
import {createGunzip} from 'node:zlib'
import {isInterruption, PolarError} from '../errors.js'
import type {RawRow} from './raw-row.js'
import {splitArray} from './split-array.js'
import {isJsonSpace, splitLines} from './split-lines.js'

/** The name by which standard input is given and reported. */
export const STDIN = '-'

const CHUNK_BYTES = 1 << 20
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]
const OPENING_BRACKET = 0x5b
/** V8 holds strings of up to 512 MiB; half of that leaves room for a row that is escaped throughout. */
const MAX_ROW_BYTES = 256 << 20

export interface ReadRowsOptions {
  readonly signal?: AbortSignal
  /** Stands in for `process.stdin`. */
  readonly stdin?: Readable
  /** Called with each chunk of standard input. */
  readonly onStdin?: (chunk: Buffer) => Promise<void> | void
  readonly maxRowBytes?: number
}

/**
 * Rows of JSONL files, of JSON arrays (a `.json` file that begins with `[`) and of both gzipped (told by their first bytes),
 * read in chunks with bounded memory and yielded in order, a batch a chunk. `-` is standard input.
 *
 * Throws INPUT_MISSING for a file that is not there, a folder, an unreadable or an empty one; ROW_INVALID for a file that is
 * no UTF-8 text at all. A bad row is no error here: it is yielded.
 */
export async function* readRows(files: readonly string[], options: ReadRowsOptions = {}): AsyncGenerator<RawRow[]> {
  for (const file of files) await checkReadable(file)
  let isEmpty = true
  for (const file of files) {
    for await (const rows of readFile(file, options)) {
      isEmpty = false
      yield rows
    }
  }
  if (isEmpty) throw missing(files.join(', '), 'no row in it')
}

/** How many bytes the rows will come to, unpacked, or undefined where standard input or a pipe is among the files. */
export async function inputBytes(files: readonly string[]): Promise<number | undefined> {
  let total = 0
  for (const file of files) {
    if (file === STDIN || !(await stat(file)).isFile()) return undefined
    total += await unpackedBytes(file)
  }
  return total
}

/** A gzip file ends with its unpacked size modulo 4 GiB (RFC 1952), for the last of its members: good enough for an estimate. */
async function unpackedBytes(file: string): Promise<number> {
  const handle = await open(file)
  try {
    const {size} = await handle.stat()
    const head = (await handle.read(Buffer.alloc(2), 0, 2, 0)).buffer
    if (!isGzip(head) || size < 18) return size
    const tail = (await handle.read(Buffer.alloc(4), 0, 4, size - 4)).buffer
    return Math.max(size, tail.readUInt32LE(0))
  } finally {
    await handle.close()
  }
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b
}

/** Throws INPUT_MISSING unless `file` can be read and is not empty. */
export async function checkReadable(file: string): Promise<void> {
  if (file === STDIN) return
  const facts = await stat(file).catch((cause: unknown) => {
    throw missing(file, 'no such file', cause)
  })
  if (facts.isDirectory()) throw missing(file, 'a folder, not a file')
  if (facts.isFile() && facts.size === 0) throw missing(file, 'the file is empty')
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw missing(file, 'the file may not be read', cause)
  })
}

async function* readFile(file: string, options: ReadRowsOptions): AsyncGenerator<RawRow[]> {
  const packed = await peek(openBytes(file, options))
  const {head, chunks} = isGzip(packed.head) ? await peek(gunzip(packed.chunks, file, options.signal)) : packed
  refuseForeignFormats(file, head)
  const startOffset = BYTE_ORDER_MARK.every((byte, i) => head[i] === byte) ? BYTE_ORDER_MARK.length : 0
  const firstByte = head.subarray(startOffset).find((byte) => !isJsonSpace(byte))
  const isArray = /\.json(\.gz)?$/i.test(file) && firstByte === OPENING_BRACKET
  const split = isArray ? splitArray : splitLines
  yield* split(skip(chunks, startOffset), {file, startOffset, maxRowBytes: options.maxRowBytes ?? MAX_ROW_BYTES})
}

async function* openBytes(file: string, options: ReadRowsOptions): AsyncGenerator<Buffer> {
  const {signal, stdin = process.stdin, onStdin} = options
  const stream: Readable = file === STDIN ? stdin : createReadStream(file, {highWaterMark: CHUNK_BYTES})
  if (signal !== undefined) addAbortSignal(signal, stream) // standard input may keep silent for ever
  for await (const chunk of readable(stream, file, signal)) {
    if (file === STDIN) await onStdin?.(chunk)
    yield chunk
  }
}

/** The chunks of a stream; what goes wrong in reading them is INPUT_MISSING. */
async function* readable(stream: Readable, file: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
  try {
    for (;;) {
      signal?.throwIfAborted()
      const next = await chunks.next().catch((error: unknown) => {
        if (isInterruption(error, signal)) throw error
        throw missing(file, error instanceof Error ? error.message : String(error), error)
      })
      if (next.done) return
      yield next.value
    }
  } finally {
    await chunks.return?.()
  }
}

async function* gunzip(chunks: AsyncIterable<Buffer>, file: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const unpacked: Readable & AsyncIterable<Buffer> & NodeJS.WritableStream = createGunzip({chunkSize: CHUNK_BYTES})
  pipeline(Readable.from(chunks), unpacked, () => {}) // a failure on either side reaches the loop below
  try {
    for await (const chunk of unpacked) {
      signal?.throwIfAborted() // much can come out of little
      yield chunk
    }
  } catch (error) {
    if (error instanceof PolarError || !isZlibError(error)) throw error
    throw new PolarError('data', 'INPUT_MISSING', `${file}: the gzip data is damaged or cut short`, {
      suggestions: [`gzip -t ${file}`],
      facts: {file},
      cause: error,
    })
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

/** Enough of the beginning to tell formats apart, and all the bytes from the beginning on. */
async function peek(source: AsyncGenerator<Buffer>): Promise<{head: Buffer; chunks: AsyncGenerator<Buffer>}> {
  let head: Buffer = Buffer.alloc(0)
  while (head.length < 4) {
    const next = await source.next()
    if (next.done) break
    head = Buffer.concat([head, next.value])
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    yield head
    yield* source
  }
  return {head, chunks: chunks()}
}

/** Leaves out the first bytes, all of which are in the first chunk. */
async function* skip(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count
  for await (const chunk of chunks) {
    yield chunk.subarray(left)
    left = 0
  }
}

function refuseForeignFormats(file: string, start: Buffer): void {
  const isUtf16 = (start[0] === 0xff && start[1] === 0xfe) || (start[0] === 0xfe && start[1] === 0xff)
  if (isUtf16) {
    throw new PolarError('data', 'ROW_INVALID', `${file}:1: the file is UTF-16; rows are UTF-8`, {
      suggestions: [`iconv -f UTF-16 -t UTF-8 ${file} > rows.jsonl`],
      facts: {file, line: 1},
    })
  }
  if (start.subarray(0, 4).toString('latin1') === 'PAR1') {
    throw new PolarError('data', 'ROW_INVALID', `${file}: Parquet is not read yet; give JSON lines`, {
      suggestions: [
        `python -c "import pandas; pandas.read_parquet('${file}').to_json('rows.jsonl', orient='records', lines=True)"`,
      ],
      facts: {file},
    })
  }
}

function missing(file: string, why: string, cause?: unknown): PolarError {
  return new PolarError('data', 'INPUT_MISSING', `${file}: ${why}`, {
    suggestions: ['give one or more JSONL files, JSON arrays or - for standard input'],
    facts: {file},
    cause,
  })
}

import {open, stat} from 'node:fs/promises'
import {createGunzip} from 'node:zlib'
import {pipeline, Readable} from 'node:stream'
import {PolarError} from '../../errors.js'
import {checkReadable, STDIN} from '../../rows/read-rows.js'

/** Packed files that are not unpacked here: their first bytes, and what unpacks them. */
const PACKED: readonly {readonly name: string; readonly magic: Buffer; readonly unpack: string}[] = [
  {name: 'bzip2', magic: Buffer.from('BZh'), unpack: 'bunzip2 -k'},
  {name: 'xz', magic: Buffer.from('fd377a585a00', 'hex'), unpack: 'unxz -k'},
  {name: 'zip', magic: Buffer.from('504b0304', 'hex'), unpack: 'unzip'},
  {name: 'zstd', magic: Buffer.from('28b52ffd', 'hex'), unpack: 'unzstd'},
]

/** Bytes of an input file, unpacked, read into a buffer of the caller's, so that nothing is allocated a chunk. */
export interface ByteSource {
  /** Fills `target` from `at` on with at least one byte, or returns 0 at the end. */
  read(target: Buffer, at: number): Promise<number>
  close(): Promise<void>
  /** Whether positions in it are positions in the file, so that a row can be read again. */
  readonly isPlainFile: boolean
  /** Bytes read from the file so far, packed, and how many there are, where that is known. */
  readonly progress: () => {read: number; total: number | undefined}
}

/**
 * Opens a file, gzipped (told by its first bytes) or not, or standard input.
 * @throws {PolarError} INPUT_MISSING for what is not there, cannot be read or is packed in another way, and later for damaged gzip data
 */
export async function openSource(file: string, stdin: Readable = process.stdin): Promise<ByteSource> {
  if (file === STDIN) return fromChunks(stdin, () => ({read: 0, total: undefined}), file)
  const facts = await stat(file).catch(() => undefined)
  if (facts?.size !== 0 || !facts.isFile()) await checkReadable(file)
  const handle = await open(file)
  const total = facts?.isFile() === true ? facts.size : undefined
  let position = 0
  const head = Buffer.alloc(6)
  if (facts?.isFile() === true) await handle.read(head, 0, head.length, 0)
  const packed = PACKED.find(({magic}) => head.subarray(0, magic.length).equals(magic))
  if (packed) {
    await handle.close()
    throw new PolarError(
      'data',
      'INPUT_MISSING',
      `${file} is packed with ${packed.name}: unpack it first (gzip alone is read packed)`,
      {
        suggestions: [`${packed.unpack} ${file}`],
        facts: {file},
      },
    )
  }
  const isPacked = head[0] === 0x1f && head[1] === 0x8b
  const progress = () => ({read: position, total})
  async function* chunks() {
    for (;;) {
      const chunk = Buffer.allocUnsafe(1 << 18)
      const {bytesRead} = await handle.read(chunk, 0, chunk.length)
      if (bytesRead === 0) return
      position += bytesRead
      yield chunk.subarray(0, bytesRead)
    }
  }
  if (isPacked) {
    const unpacked = createGunzip({chunkSize: 1 << 18})
    pipeline(Readable.from(chunks()), unpacked, () => {}) // a failure reaches the reader below
    return {...fromChunks(unpacked, progress, file), close: () => handle.close()}
  }
  return {
    isPlainFile: facts?.isFile() === true,
    progress,
    close: () => handle.close(),
    async read(target, at) {
      const {bytesRead} = await handle.read(target, at, target.length - at)
      position += bytesRead
      return bytesRead
    },
  }
}

function fromChunks(stream: Readable, progress: ByteSource['progress'], file: string): ByteSource {
  const chunks = stream[Symbol.asyncIterator]()
  let left: Buffer = Buffer.alloc(0)
  return {
    isPlainFile: false,
    progress,
    async close() {
      stream.destroy()
    },
    async read(target, at) {
      while (left.length === 0) {
        const next = await chunks.next().catch((error: unknown) => {
          if (!isZlibError(error)) throw error
          throw new PolarError('data', 'INPUT_MISSING', `${file}: the gzip data is damaged or cut short`, {
            suggestions: [`gzip -t ${file}`],
            facts: {file},
            cause: error,
          })
        })
        if (next.done === true) return 0
        left = Buffer.from(next.value)
      }
      const count = left.copy(target, at)
      left = left.subarray(count)
      return count
    },
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'

/** Size in bytes and sha256 (hex) of a file, read once in chunks: about a second a gigabyte. */
export async function fileDigest(path: string, signal?: AbortSignal): Promise<{bytes: number; sha256: string}> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, {highWaterMark: 1 << 20, ...(signal && {signal})})) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return {bytes, sha256: hash.digest('hex')}
}

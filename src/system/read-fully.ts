import type {FileHandle} from 'node:fs/promises'

/** Fills `buffer` from `position` of the file on; what is returned is shorter only where the file ends. */
export async function readFully(file: FileHandle, buffer: Uint8Array, position: number): Promise<Uint8Array> {
  let filled = 0
  while (filled < buffer.length) {
    const {bytesRead} = await file.read(buffer, filled, buffer.length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

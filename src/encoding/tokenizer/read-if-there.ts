import {readFile} from 'node:fs/promises'
import {fileError, hasCode} from '../../system/file-errors.js'

/** The bytes of a checkpoint's file, or undefined where there is none. Throws NOT_READABLE. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw fileError(error, path, 'read')
  }
}

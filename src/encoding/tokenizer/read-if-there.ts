import {lstat, readFile} from 'node:fs/promises'
import {fileError, hasCode} from '../../system/file-errors.js'
import {demandFile} from '../../system/model-file.js'

/**
 * The bytes of a checkpoint's file, or undefined where there is none. A link to nowhere is no absent file: that one's settings would
 * be missed without a word. Throws MODEL_NOT_FOUND for it, MODEL_UNSUPPORTED for what is no file, NOT_READABLE.
 */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    await lstat(path)
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
    throw fileError(error, path, 'read')
  }
  await demandFile(path)
  return readFile(path).catch((error: unknown) => {
    throw fileError(error, path, 'read')
  })
}

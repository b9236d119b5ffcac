import {stat} from 'node:fs/promises'
import {PolarError} from '../../errors.js'
import {fileError, hasCode} from '../../system/file-errors.js'

const LOST: Readonly<Record<string, string>> = {
  ENOENT: 'is a link to nowhere',
  ELOOP: 'is a link that leads back to itself',
}

/**
 * Throws where the file at `path`, which its folder lists, cannot be read as one: MODEL_NOT_FOUND for a link to nowhere (a cleaned
 * Hugging Face cache), MODEL_UNSUPPORTED for a folder or a pipe, whose opening would wait for ever, NOT_READABLE.
 */
export async function demandFile(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    const lost = Object.keys(LOST).find((code) => hasCode(cause, code))
    if (lost === undefined) throw fileError(cause, path, 'read')
    throw new PolarError('environment', 'MODEL_NOT_FOUND', `${path} ${LOST[lost]}`, {
      suggestions: ['fetch the model again'],
      facts: {file: path},
      cause,
    })
  })
  if (stats.isFile()) return
  throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${path} is ${stats.isDirectory() ? 'a folder' : 'no regular file'}`, {
    suggestions: ['put the file itself in its place, or fetch the model again'],
    facts: {file: path},
  })
}

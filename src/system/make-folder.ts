import {mkdir, stat} from 'node:fs/promises'
import {dirname} from 'node:path'
import {fileError, hasCode} from './file-errors.js'

/**
 * Makes a folder and those above it that are missing. Throws NOT_WRITABLE or DISK_FULL. Not by `mkdir`'s own `recursive`, which never
 * ends where a folder that is there takes none and says ENOENT, as /proc does (seen on Node 20).
 */
export async function makeFolder(path: string): Promise<void> {
  const missing: string[] = []
  for (let folder = path; !(await isFolder(folder)); folder = dirname(folder)) missing.push(folder)
  for (const folder of missing.toReversed()) {
    await mkdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw fileError(error, folder)
    })
  }
}

/** Throws where nobody can tell, or where another thing stands in the way. */
async function isFolder(path: string): Promise<boolean> {
  const stats = await stat(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw fileError(error, path)
  })
  if (stats === undefined) return false
  if (!stats.isDirectory()) throw fileError(Object.assign(new Error(`${path} is a file`), {code: 'ENOTDIR'}), path)
  return true
}

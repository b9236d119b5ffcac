import {PolarError} from '../errors.js'

const FULL: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than the file system allows',
}

const REFUSED: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENAMETOOLONG: 'its name is too long',
}

/** Whether `error` is what Node's file and network functions throw. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & {code: string} {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)
}

/**
 * What to throw for `error`: DISK_FULL or NOT_WRITABLE for a failed write or a path that may not be used, and `error` itself
 * where it is neither. `path` is what was written to; without it the path that the error names.
 */
export function fileError(error: unknown, path?: string): unknown {
  if (!isSystemError(error)) return error
  const where = path ?? error.path ?? 'a file'
  const details = {facts: {path: where, errno: error.code}, cause: error}
  const full = FULL[error.code]
  if (full !== undefined) {
    return new PolarError('environment', 'DISK_FULL', `${where} could not be written: ${full}`, {
      suggestions: ['free some space or name a place on another disk, and run the same command again'],
      ...details,
    })
  }
  const refused = error.code === 'ENOENT' && path !== undefined ? 'its folder does not exist' : REFUSED[error.code]
  if (refused === undefined) return error
  return new PolarError('environment', 'NOT_WRITABLE', `${where} could not be opened or written: ${refused}`, {
    suggestions: ['name a path that you may read and write'],
    ...details,
  })
}

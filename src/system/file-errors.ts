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
 * The error that a user can act on for a failed write or an unreachable path: DISK_FULL or NOT_WRITABLE, or undefined
 * where `error` is neither. `path` is used where the error does not name one.
 */
export function fileError(error: unknown, path?: string): PolarError | undefined {
  if (!isSystemError(error)) return undefined
  const where = path ?? error.path ?? 'a file'
  const facts = {path: where, errno: error.code}
  const full = FULL[error.code]
  if (full !== undefined) {
    return new PolarError('environment', 'DISK_FULL', `${where} could not be written: ${full}.`, {
      suggestions: ['Free some space, or name a place on another disk, and run the same command again'],
      facts,
      cause: error,
    })
  }
  const refused = REFUSED[error.code]
  if (refused === undefined) return undefined
  return new PolarError('environment', 'NOT_WRITABLE', `${where} could not be opened or written: ${refused}.`, {
    suggestions: ['Name a path that you may read and write'],
    facts,
    cause: error,
  })
}

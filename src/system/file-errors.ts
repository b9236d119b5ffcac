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
  ELOOP: 'it is a link that leads back to itself',
}

/** Whether `error` is what Node's file and network functions throw. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & {code: string} {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code)
}

/** Whether `error` is the system error `code`, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return isSystemError(error) && error.code === code
}

/** System calls that only read; of an `open` nobody can tell. */
const READING = new Set(['read', 'scandir', 'readlink'])

/**
 * What to throw for `error`: DISK_FULL or NOT_WRITABLE for a failed write, NOT_READABLE for a failed read, and `error` itself
 * where it is none of them. `path` is what was to be written or read; without it the path that the error names. `purpose` is what
 * it was opened for; without it what the error's system call says.
 */
export function fileError(error: unknown, path?: string, purpose?: 'read' | 'write'): unknown {
  if (!isSystemError(error)) return error
  const where = path ?? error.path ?? 'a file'
  const details = {facts: {file: where, errno: error.code}, cause: error}
  const full = FULL[error.code]
  if (full !== undefined) {
    return new PolarError('environment', 'DISK_FULL', `${where} could not be written: ${full}`, {
      suggestions: ['free some space or name a place on another disk, and run the same command again'],
      ...details,
    })
  }
  const isRead = purpose === undefined ? READING.has(error.syscall ?? '') : purpose === 'read'
  const missing = isRead ? 'there is no such file' : 'its folder does not exist'
  const refused = error.code === 'ENOENT' && path !== undefined ? missing : REFUSED[error.code]
  if (refused === undefined) return error
  if (isRead) {
    return new PolarError('environment', 'NOT_READABLE', `${where} could not be read: ${refused}`, {
      suggestions: ['name a file that you may read'],
      ...details,
    })
  }
  return new PolarError('environment', 'NOT_WRITABLE', `${where} could not be opened or written: ${refused}`, {
    suggestions: ['name a path that you may read and write'],
    ...details,
  })
}

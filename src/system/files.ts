import {randomBytes} from 'node:crypto'
import {link, open, readdir, readFile, realpath, rename, rm, writeFile, type FileHandle} from 'node:fs/promises'
import {hostname} from 'node:os'
import {basename, dirname, join} from 'node:path'
import {PolarError} from '../errors.js'
import {fileError} from './file-errors.js'

/**
 * Writes a file that is there whole or not at all: `write` fills a temporary beside it, which is renamed when it is done and
 * removed when it fails. Throws DISK_FULL or NOT_WRITABLE.
 */
export async function writeAtomically<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const target = await realpath(path).catch(() => path) // a link stays one: what it leads to is replaced
  const temporary = `${target}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    const file = await open(temporary, 'wx') // never over a file that is there
    let result: T
    try {
      result = await write(file)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
    return result
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => {})
    throw fileError(error, path)
  }
}

/** Removes temporaries of {@link writeAtomically} that a killed process left. Only for the holder of a lock on `path`. */
export async function removeTemporaries(path: string): Promise<void> {
  const isTemporary = (name: string): boolean => /^\.\d+\.[0-9a-f]{8}\.tmp$/.test(name.slice(basename(path).length))
  for (const name of await readdir(dirname(path))) {
    if (name.startsWith(basename(path)) && isTemporary(name)) await rm(join(dirname(path), name), {force: true})
  }
}

/** Reads a text file, or undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw fileError(error, path)
  }
}

/**
 * Takes `path` as a lock for this process and returns how to release it. A lock whose process is gone (kill -9, a machine that
 * went down) is taken over. Throws LOCKED with the holder's process id, NOT_WRITABLE, DISK_FULL.
 */
export async function lock(path: string, what: string): Promise<() => Promise<void>> {
  const mine = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(mine, JSON.stringify({pid: process.pid, host: hostname(), started: await startTime(process.pid)}))
    for (let tries = 0; tries < 5; tries++) {
      try {
        await link(mine, path) // fails if it exists, and is never seen half-written
        return () => rm(path, {force: true})
      } catch (error) {
        if (!hasCode(error, 'EEXIST')) throw error
      }
      const holder = await readHolder(path)
      if (holder !== undefined && (await isAlive(holder))) throw locked(what, path, holder)
      await removeStale(path, holder)
    }
  } catch (error) {
    throw fileError(error, path)
  } finally {
    await rm(mine, {force: true}).catch(() => {})
  }
  throw locked(what, path, undefined)
}

interface Holder {
  readonly pid: number
  readonly host: string
  readonly started: string
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isHolder(holder) ? holder : undefined
  } catch {
    return undefined // gone meanwhile, or not ours: no process to wait for
  }
}

function isHolder(value: unknown): value is Holder {
  return typeof value === 'object' && value !== null && 'pid' in value && 'host' in value && 'started' in value
}

/** A process of another machine (a shared disk) cannot be asked, so it counts as alive. */
async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (!hasCode(error, 'EPERM')) return false
  }
  return holder.started === (await startTime(holder.pid)) // else the id was given to another process since
}

/** Start of a process in clock ticks since boot (field 22 of /proc/PID/stat); empty where there is no /proc. */
async function startTime(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/** Moves the stale lock away under a name of its own and looks once more: of two that find it stale, one must not remove the other's. */
async function removeStale(path: string, holder: Holder | undefined): Promise<void> {
  const away = `${path}.stale.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, away)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  const moved = await readHolder(away)
  const isTheStaleOne = moved === undefined || (moved.pid === holder?.pid && moved.started === holder.started)
  if (!isTheStaleOne) await link(away, path).catch(() => {})
  await rm(away, {force: true})
}

function locked(what: string, path: string, holder: Holder | undefined): PolarError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`
  return new PolarError('environment', 'LOCKED', `${what} is in use by ${who}`, {
    suggestions: ['wait for it, or choose another output', `if that process is surely gone: rm ${path}`],
    facts: {lock: path, ...holder},
  })
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

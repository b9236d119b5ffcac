import {readdir, stat} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {PolarError} from '../../errors.js'
import {durationText} from '../../system/duration.js'
import {lock} from '../../system/files.js'

export interface LockOptions {
  readonly signal?: AbortSignal
  /** Told once, in a sentence, where another process has the lock and this one waits. */
  readonly onWaiting?: (message: string) => void
  /** Milliseconds without progress of that process after which waiting ends. Default: five minutes. */
  readonly patience?: number
}

const PATIENCE = 5 * 60_000
const POLL = 500

/**
 * Takes the lock on the making of the file at `path`. Who holds it is making what we need, so it is waited for as long as its temporary
 * grows. Throws LOCKED where that stands still: a process of another machine (a shared disk) that was killed leaves its lock behind.
 */
export async function lockQuantizing(path: string, options: LockOptions = {}): Promise<() => Promise<void>> {
  const {signal, onWaiting, patience = PATIENCE} = options
  const remedy = `if that process is surely gone: rm ${path}.lock`
  let seen: string | undefined
  let since = 0
  for (;;) {
    try {
      return await lock(`${path}.lock`, 'the quantised model')
    } catch (error) {
      if (!(error instanceof PolarError) || error.code !== 'LOCKED') throw error
      if (seen === undefined) onWaiting?.(`waiting for the 8-bit weights: ${error.message}; ${remedy}`)
      const progress = `${error.message} ${await temporarySizes(path)}`
      const now = performance.now()
      if (progress !== seen) [seen, since] = [progress, now]
      if (now - since > patience) {
        const message = `${error.message}, which has made no progress for ${durationText(patience / 1000)}`
        throw new PolarError('environment', 'LOCKED', message, {suggestions: [remedy], facts: error.facts, cause: error})
      }
    }
    await wait(Math.min(POLL, patience), undefined, signal && {signal}).catch(() => {})
    signal?.throwIfAborted() // with the reason, which the timer does not give
  }
}

/** Names and sizes of the temporaries beside `path`. */
async function temporarySizes(path: string): Promise<string> {
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(basename(path)) && name.endsWith('.tmp'))
  const sizes = names.toSorted().map(async (name) => {
    const size = await stat(join(dirname(path), name)).then(
      (stats) => stats.size,
      () => 0, // renamed or removed meanwhile
    )
    return `${name} ${size}`
  })
  return (await Promise.all(sizes)).join()
}

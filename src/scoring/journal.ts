import {open, type FileHandle} from 'node:fs/promises'
import * as z from 'zod'
import {PolarError} from '../errors.js'
import {fileError} from '../system/file-errors.js'
import {parseJson} from '../system/json.js'
import {demandSameRun, runIdentitySchema, type RunIdentity} from './run-identity.js'
import type {CandidateRewards} from './score-window.js'

/**
 * The journal of a run, `OUT.journal`: JSON lines, only ever appended to.
 *
 *   {"journal":1,"run":{…}}                                        what this run is
 *   {"w":0,"d":"…","r":{"0":1.5,"1.0":-2,"1.1":0.25}}              one batch of window 0: rewards by row, or row.candidate
 *   {"w":0,"digest":"…","rewards":[1.5,[-2,0.25],null],"failures":[[2,{…}]],"cut":[1]}   window 0 is through
 *
 * A kill can tear at most the last line, which is dropped. Of several closing lines of a window the last one counts: a later run
 * writes another when it has tried the failed rows again.
 */
export interface Journal {
  /** Windows that are through. */
  readonly closedWindows: number
  /** The closing record of a window, or undefined where it is not through. */
  closed(window: number): Promise<ClosedWindow | undefined>
  /** Rewards of batches that came after the window's last closing record. Throws INPUT_CHANGED where they belong to other rows. */
  rewards(window: number, digest: string): CandidateRewards
  /** Adds a batch. It survives kill -9 once this has resolved. */
  append(window: number, digest: string, rewards: CandidateRewards): Promise<void>
  /** Closes a window; from time to time also waits until the disk has it all, against power cuts. */
  close(window: number, record: ClosedWindow): Promise<void>
  end(): Promise<void>
}

/** At least this long between two calls that wait for the disk. */
const SYNC_MILLISECONDS = 1000

const failureSchema = z.object({
  file: z.string(),
  line: z.number(),
  candidate: z.number().exactOptional(),
  kind: z.string(),
  code: z.string(),
  message: z.string(),
  suggestions: z.array(z.string()).readonly(),
})

const closedWindowSchema = z.object({
  digest: z.string(),
  rewards: z.array(z.union([z.number(), z.array(z.number()), z.null()])),
  /** Failed rows by their index in the window. */
  failures: z.array(z.tuple([z.number(), failureSchema])),
  /** Indices of rows in which the limits cut something. */
  cut: z.array(z.number()),
})
export type ClosedWindow = z.infer<typeof closedWindowSchema>

/** How every journal begins. */
export const JOURNAL_START = '{"journal":'

const headSchema = z.object({journal: z.literal(1), run: runIdentitySchema})
const batchSchema = z.object({w: z.number(), d: z.string(), r: z.record(z.string(), z.number())})
const closingSchema = z.object({w: z.number(), digest: z.string(), rewards: z.array(z.unknown())})

/** Opens the journal of `run`, new or as an earlier run left it. Throws INPUT_CHANGED where it belongs to another run. */
export async function openJournal(path: string, run: RunIdentity, output: string): Promise<Journal> {
  const file = await open(path, 'a+').catch((error: unknown) => {
    throw fileError(error, path)
  })
  try {
    return await load(file, path, run, output)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** What a journal holds: its run, and where or what its records are. */
interface Contents {
  run: RunIdentity | undefined
  readonly closings: Map<number, {offset: number; length: number}>
  readonly open: Map<number, {digest: string; rewards: Map<string, number>}>
  holdsRewards: boolean
  /** Position behind the last whole line. */
  end: number
}

async function readContents(file: FileHandle, path: string): Promise<Contents> {
  const contents: Contents = {run: undefined, closings: new Map(), open: new Map(), holdsRewards: false, end: 0}
  const {closings, open} = contents
  for await (const {text, offset, length} of wholeLines(file)) {
    const record = parseJson(text)
    const closing = closingSchema.safeParse(record)
    if (offset === 0) contents.run = demand(headSchema, record, path).run
    else if (closing.success) {
      const {w, rewards} = closing.data
      closings.set(w, {offset, length})
      open.delete(w)
      contents.holdsRewards ||= rewards.some((reward) => reward !== null)
    } else {
      const {w, d, r} = demand(batchSchema, record, path)
      const rewards = open.get(w)?.rewards ?? new Map<string, number>()
      for (const [key, reward] of Object.entries(r)) rewards.set(key, reward)
      open.set(w, {digest: d, rewards})
      contents.holdsRewards = true
    }
    contents.end = offset + length
  }
  return contents
}

async function load(file: FileHandle, path: string, run: RunIdentity, output: string): Promise<Journal> {
  const contents = await readContents(file, path)
  const {closings, open} = contents
  let {end} = contents
  if (contents.run !== undefined && contents.holdsRewards) demandSameRun(contents.run, run, output)
  else {
    end = 0 // nothing was scored yet, so nothing is lost: a mended command may begin anew
    closings.clear()
  }
  await file.truncate(end)

  async function write(record: unknown): Promise<{offset: number; length: number}> {
    const line = Buffer.from(`${JSON.stringify(record)}\n`)
    const offset = end
    await file.appendFile(line).catch((error: unknown) => {
      throw fileError(error, path)
    })
    end += line.length
    return {offset, length: line.length}
  }
  let synced = performance.now()
  if (end === 0) await write({journal: 1, run})

  return {
    closedWindows: closings.size,
    async closed(window) {
      const place = closings.get(window)
      if (place === undefined) return undefined
      const {buffer} = await file.read(Buffer.alloc(place.length), 0, place.length, place.offset)
      return demand(closedWindowSchema, parseJson(buffer.toString('utf8')), path)
    },
    rewards(window, digest) {
      const begun = open.get(window)
      if (begun === undefined) return new Map()
      if (begun.digest !== digest) throw otherInput(path, window)
      return begun.rewards
    },
    async append(window, digest, rewards) {
      if (rewards.size > 0) await write({w: window, d: digest, r: Object.fromEntries(rewards)})
    },
    async close(window, record) {
      const place = await write({w: window, ...record})
      if (performance.now() - synced > SYNC_MILLISECONDS) {
        await file.datasync()
        synced = performance.now()
      }
      closings.set(window, place)
      open.delete(window)
    },
    async end() {
      await file.datasync()
      await file.close()
    },
  }
}

/** The input differs from what the journal says was scored. */
export function otherInput(path: string, window: number): PolarError {
  return new PolarError('data', 'INPUT_CHANGED', `the input is not what ${path} says was scored`, {
    suggestions: ['give the same input again', '--overwrite to redo the run'],
    facts: {path, window},
  })
}

/** Lines that end in `\n`; a torn last line is left out. */
async function* wholeLines(file: FileHandle): AsyncGenerator<{text: string; offset: number; length: number}> {
  let offset = 0
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of file.createReadStream({autoClose: false, start: 0, highWaterMark: 1 << 20})) {
    const bytes = Buffer.concat([rest, chunk])
    let from = 0
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, from)) {
      const length = at + 1 - from
      yield {text: bytes.toString('utf8', from, at), offset, length}
      offset += length
      from = at + 1
    }
    rest = bytes.subarray(from)
  }
}

function demand<T>(schema: z.ZodType<T>, record: unknown, path: string): T {
  const result = schema.safeParse(record)
  if (result.success) return result.data
  throw new PolarError('data', 'INPUT_CHANGED', `${path} is damaged, or was written by another version of polar`, {
    suggestions: ['--overwrite to redo the run'],
    facts: {path},
  })
}

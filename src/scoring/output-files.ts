import {lstat, open, rm, stat} from 'node:fs/promises'
import * as z from 'zod'
import {PolarError} from '../errors.js'
import {fileKey} from '../rows/input-files.js'
import {STDIN} from '../rows/read-rows.js'
import {fileDigest} from '../system/digest.js'
import {readIfThere} from '../system/files.js'
import {parseJson} from '../system/json.js'
import {JOURNAL_START} from './journal.js'
import type {ScoreOptions} from './options.js'
import {demandSameRun, runIdentitySchema, type RunIdentity} from './run-identity.js'

/** The files of a run with `-o OUT`, all beside it. */
export interface OutputFiles {
  readonly output: string
  readonly journal: string
  readonly meta: string
  /** There only where rows failed. */
  readonly errors: string
  readonly lock: string
  /** A copy of standard input while a run that reads it is not through. */
  readonly stdin: string
}

export function outputFiles(output: string): OutputFiles {
  return {
    output,
    journal: `${output}.journal`,
    meta: `${output}.meta.json`,
    errors: `${output}.errors.jsonl`,
    lock: `${output}.lock`,
    stdin: `${output}.stdin`,
  }
}

/**
 * Throws FLAG_INVALID or NOT_WRITABLE for an output that cannot be what the user means: no name, a folder, a device, a link to
 * nowhere; and for an input that could not be read a second time, when the output is put together.
 */
export async function demandUsable({files}: Pick<ScoreOptions, 'files'>, {output}: OutputFiles): Promise<void> {
  if (output === '' || output === '-') {
    throw new PolarError('usage', 'FLAG_INVALID', `"${output}" is no name for an output file`, {
      suggestions: ['-o FILE', 'leave -o out to have the rows on standard output'],
    })
  }
  const link = await lstat(output).catch(() => undefined)
  const facts = await stat(output).catch(() => undefined)
  if (link !== undefined && !facts?.isFile()) {
    const what = facts === undefined ? 'a link to nowhere' : facts.isDirectory() ? 'a folder' : 'no regular file'
    throw new PolarError('environment', 'NOT_WRITABLE', `${output} is ${what}`, {suggestions: ['-o FILE'], facts: {file: output}})
  }
  for (const file of files) {
    if (file === STDIN || (await stat(file)).isFile()) continue
    throw new PolarError('usage', 'FLAG_INVALID', `${file} can be read only once, and a run with -o reads its input twice`, {
      suggestions: [`- as the file, with < ${file} behind the command`],
      facts: {file},
    })
  }
}

/**
 * Throws OUTPUT_EXISTS where a run would write over, or remove, a file that no run of polar wrote. Looks at names and first bytes
 * only: before a model is loaded.
 */
export async function demandOwnFiles(files: OutputFiles): Promise<void> {
  const hasJournal = await isThere(files.journal)
  const hasMeta = await isThere(files.meta)
  if (hasJournal && !(await beginsLike(files.journal, JOURNAL_START))) throw notOurs(files.journal)
  if (hasMeta && !metaSchema.safeParse(parseJson((await readIfThere(files.meta)) ?? '')).success) throw notOurs(files.meta)
  if (hasJournal || hasMeta) return
  for (const path of [files.output, files.errors, files.stdin]) if (await isThere(path)) throw notOurs(path)
}

const metaSchema = z.object({
  polar: z.string(),
  run: runIdentitySchema,
  output: z.object({bytes: z.number(), sha256: z.string()}),
  summary: z.object({rows: z.number(), scored: z.number(), failed: z.number(), cut: z.number()}),
})
export type EarlierRun = z.infer<typeof metaSchema>

/**
 * What is known of a finished run whose OUT is still as it was written, or undefined where there is none that counts.
 * Throws INPUT_CHANGED where another run wrote OUT, or where it was changed since.
 */
export async function earlierRun(files: OutputFiles, run: RunIdentity): Promise<EarlierRun | undefined> {
  const text = await readIfThere(files.meta)
  if (text === undefined || !(await isThere(files.output))) return undefined // the journal, if any, knows the run
  const meta = metaSchema.parse(parseJson(text))
  if (meta.summary.scored > 0) demandSameRun(meta.run, run, files.output) // else nothing can be lost
  if ((await fileDigest(files.output)).sha256 !== meta.output.sha256) {
    throw new PolarError('data', 'INPUT_CHANGED', `${files.output} is not as the run that wrote it left it`, {
      suggestions: ['--overwrite to redo it', '-o FILE to write elsewhere'],
      facts: {file: files.output},
    })
  }
  return meta.summary.scored > 0 ? meta : undefined
}

/** Removes what an earlier run left, but not OUT itself: that one stays until the new one takes its place. */
export async function removeTraces(files: OutputFiles): Promise<void> {
  for (const path of [files.journal, files.meta, files.errors, files.stdin]) await rm(path, {force: true})
}

async function isThere(path: string): Promise<boolean> {
  return (await fileKey(path)) !== undefined
}

/** Whether a file begins with `start`, or is so short that a kill may have torn it. */
async function beginsLike(path: string, start: string): Promise<boolean> {
  const file = await open(path)
  try {
    const {buffer, bytesRead} = await file.read(Buffer.alloc(start.length), 0, start.length, 0)
    return start.startsWith(buffer.toString('latin1', 0, bytesRead))
  } finally {
    await file.close()
  }
}

function notOurs(path: string): PolarError {
  return new PolarError('usage', 'OUTPUT_EXISTS', `${path} is there already, and no run of polar is known to have written it`, {
    suggestions: ['-o FILE to write elsewhere', '--overwrite to put the result in its place'],
    facts: {file: path},
  })
}

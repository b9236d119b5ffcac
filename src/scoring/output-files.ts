import {createHash} from 'node:crypto'
import {createReadStream} from 'node:fs'
import {realpath, rm, stat} from 'node:fs/promises'
import * as z from 'zod'
import {PolarError} from '../errors.js'
import {STDIN} from '../rows/read-rows.js'
import {readIfThere} from '../system/files.js'
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

/** Throws OUTPUT_IS_INPUT where a run would write over one of its inputs, by whatever name. */
export async function demandOtherFiles(inputs: readonly string[], files: OutputFiles): Promise<void> {
  const written = new Map<string, string>()
  for (const path of Object.values(files)) {
    const key = await fileKey(path)
    if (key !== undefined) written.set(key, path)
  }
  for (const input of inputs) {
    const output = input === STDIN ? undefined : written.get((await fileKey(input)) ?? '')
    if (output === undefined) continue
    throw new PolarError('usage', 'OUTPUT_IS_INPUT', `${output} would be written over the input ${input}`, {
      suggestions: ['give another file with -o'],
      facts: {input, output},
    })
  }
}

/** The same for all names of one file, links included. */
async function fileKey(path: string): Promise<string | undefined> {
  try {
    const {dev, ino} = await stat(await realpath(path), {bigint: true})
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

const metaSchema = z.object({
  run: runIdentitySchema,
  output: z.object({bytes: z.number(), sha256: z.string()}),
  summary: z.object({rows: z.number(), scored: z.number(), failed: z.number(), cut: z.number()}),
})
export type EarlierRun = z.infer<typeof metaSchema>

/**
 * What is known of a finished run whose OUT is still as it was written, or undefined where there is no OUT.
 * Throws OUTPUT_EXISTS for a file that no run of ours wrote and INPUT_CHANGED for one that another run wrote, or that was
 * changed since.
 */
export async function earlierRun(files: OutputFiles, run: RunIdentity): Promise<EarlierRun | undefined> {
  const {output} = files
  if ((await fileKey(output)) === undefined) return undefined
  const text = await readIfThere(files.meta)
  if (text === undefined) {
    if ((await fileKey(files.journal)) !== undefined) return undefined // stopped between the two: the journal knows the run
    throw new PolarError(
      'usage',
      'OUTPUT_EXISTS',
      `${output} is there already, and no run of polar is known to have written it`,
      {
        suggestions: ['--overwrite to put the result in its place', 'or give another -o'],
        facts: {output},
      },
    )
  }
  const meta = metaSchema.safeParse(parse(text))
  if (!meta.success) throw changed(`${files.meta} is damaged`, output)
  if (meta.data.summary.scored === 0) return undefined // nothing was scored, so nothing can be lost
  demandSameRun(meta.data.run, run, output)
  const found = await digest(output)
  if (found.sha256 !== meta.data.output.sha256) throw changed(`${output} is not as the run left it`, output)
  return meta.data
}

/** Removes what an earlier run left, but not OUT itself: that one stays until the new one takes its place. */
export async function removeTraces(files: OutputFiles): Promise<void> {
  for (const path of [files.journal, files.meta, files.errors, files.stdin]) await rm(path, {force: true})
}

async function digest(path: string): Promise<{sha256: string}> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, {highWaterMark: 1 << 20})) hash.update(chunk)
  return {sha256: hash.digest('hex')}
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function changed(what: string, output: string): PolarError {
  return new PolarError('data', 'INPUT_CHANGED', what, {
    suggestions: ['--overwrite to redo it', 'or give another -o'],
    facts: {output},
  })
}

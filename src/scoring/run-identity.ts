import {isDeepStrictEqual} from 'node:util'
import {stat} from 'node:fs/promises'
import * as z from 'zod'
import {PolarError} from '../errors.js'
import type {ModelIdentity} from '../reward-models/reward-model.js'
import {STDIN} from '../rows/read-rows.js'
import {fileDigest} from '../system/digest.js'

/** What must be the same for rewards of an earlier run to be taken over. */
export interface RunIdentity {
  readonly inputs: readonly InputIdentity[]
  readonly model: Readonly<Record<string, unknown>>
  readonly options: Readonly<Record<string, unknown>>
}

/** An input file. Standard input has neither size nor digest: it is compared window by window while it is read. */
interface InputIdentity {
  readonly file: string
  readonly bytes?: number
  readonly sha256?: string
}

export const runIdentitySchema = z.object({
  inputs: z.array(z.object({file: z.string(), bytes: z.number().exactOptional(), sha256: z.string().exactOptional()})),
  model: z.record(z.string(), z.unknown()),
  options: z.record(z.string(), z.unknown()),
})

/** Reads every input once for its digest (about a second a gigabyte). */
export async function identifyRun(
  files: readonly string[],
  model: ModelIdentity,
  options: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<RunIdentity> {
  const inputs: InputIdentity[] = []
  for (const file of files) inputs.push(await identifyInput(file, signal))
  const {engine, weightsDigest, dtype, inputs: form} = model
  return {inputs, model: {engine, weightsDigest, dtype, inputs: form}, options}
}

async function identifyInput(file: string, signal: AbortSignal | undefined): Promise<InputIdentity> {
  if (file === STDIN || !(await stat(file)).isFile()) return {file}
  return {file, ...(await fileDigest(file, signal))}
}

/** Throws INPUT_CHANGED, naming all that differs, where `then` is not the run that `now` asks for. */
export function demandSameRun(then: RunIdentity, now: RunIdentity, output: string): void {
  const changes = [
    ...inputChanges(then.inputs, now.inputs),
    ...recordChanges('model', then.model, now.model),
    ...recordChanges('option', then.options, now.options),
  ]
  if (changes.length === 0) return
  throw new PolarError('data', 'INPUT_CHANGED', `${output} was begun by another run: ${changes.join('; ')}`, {
    suggestions: ['--overwrite to redo it', 'give another -o'],
    facts: {changes},
  })
}

function inputChanges(then: readonly InputIdentity[], now: readonly InputIdentity[]): string[] {
  const [before, after] = [then.map(({file}) => file).join(', '), now.map(({file}) => file).join(', ')]
  if (before !== after) return [`the input was ${before}, now it is ${after}`]
  return now.filter((input, i) => !isDeepStrictEqual(then[i], input)).map(({file}) => `${file} has changed`)
}

function recordChanges(what: string, then: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): string[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])]
  return names
    .filter((name) => !isDeepStrictEqual(then[name], now[name]))
    .map((name) => `${what} ${name} was ${show(then[name])}, now ${show(now[name])}`)
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'not set'
  return text.length > 24 ? `${text.slice(0, 16)}…` : text
}

import {fstatSync} from 'node:fs'
import {realpath, stat} from 'node:fs/promises'
import {basename, dirname} from 'node:path'
import {PolarError} from '../errors.js'
import {STDIN} from './read-rows.js'

/**
 * What is written must be none of what is read, by whatever name; standard input that is redirected from a file is that file.
 * @throws {PolarError} OUTPUT_IS_INPUT
 */
export async function demandOtherFiles(outputs: readonly string[], inputs: readonly string[]): Promise<void> {
  const written = new Map<string, string>()
  for (const output of outputs) {
    const key = await fileKey(output)
    if (key !== undefined) written.set(key, output)
  }
  for (const input of inputs) {
    const output = written.get((input === STDIN ? stdinKey() : await fileKey(input)) ?? '')
    if (output === undefined) continue
    const name = input === STDIN ? 'behind standard input' : input
    throw new PolarError('usage', 'OUTPUT_IS_INPUT', `${output} would be written over the input ${name}`, {
      suggestions: ['give another output file'],
      facts: {input, output},
    })
  }
}

/**
 * Two outputs must be two files, by whatever names, whether they are there yet or not.
 * @throws {PolarError} FLAG_INVALID
 */
export async function demandDistinct(outputs: Readonly<Record<string, string>>): Promise<void> {
  const seen = new Map<string, string>()
  for (const [flag, output] of Object.entries(outputs)) {
    const key = (await fileKey(output)) ?? `${await fileKey(dirname(output))}/${basename(output)}`
    const other = seen.get(key)
    if (other !== undefined) {
      throw new PolarError('usage', 'FLAG_INVALID', `${other} and ${flag} name one file: ${output}`, {
        suggestions: [`${flag} with another name`],
        facts: {file: output},
      })
    }
    seen.set(key, flag)
  }
}

/**
 * Standard input can be read once.
 * @throws {PolarError} FLAG_INVALID
 */
export function demandStdinOnce(files: readonly string[]): void {
  if (files.filter((file) => file === STDIN).length < 2) return
  throw new PolarError('usage', 'FLAG_INVALID', 'standard input (-) is named more than once', {suggestions: ['name it once']})
}

/** The same for all names of one file, links included; undefined where there is none. */
export async function fileKey(path: string): Promise<string | undefined> {
  try {
    const {dev, ino} = await stat(await realpath(path), {bigint: true})
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}

/** The key of the file that standard input is redirected from: a pipe or a terminal has none. */
function stdinKey(): string | undefined {
  try {
    const facts = fstatSync(0, {bigint: true})
    return facts.isFile() ? `${facts.dev}:${facts.ino}` : undefined
  } catch {
    return undefined // closed
  }
}

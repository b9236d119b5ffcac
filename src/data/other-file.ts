import {realpath, stat} from 'node:fs/promises'
import {PolarError} from '../errors.js'
import {STDIN} from '../rows/read-rows.js'

/** @throws {PolarError} OUTPUT_IS_INPUT where `output` is one of the inputs, by whatever name */
export async function demandOtherFile(output: string, inputs: readonly string[]): Promise<void> {
  const key = await fileKey(output)
  for (const input of inputs) {
    if (input === STDIN || key === undefined || (await fileKey(input)) !== key) continue
    throw new PolarError('usage', 'OUTPUT_IS_INPUT', `${output} would be written over the input ${input}`, {
      suggestions: ['give another file'],
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

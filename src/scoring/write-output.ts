import {createHash} from 'node:crypto'
import type {RawRow} from '../rows/raw-row.js'
import {writeJsonLines} from '../rows/write-json-lines.js'
import {writeAtomically} from '../system/files.js'
import type {Failure} from './events.js'
import {otherInput, type Journal} from './journal.js'
import type {OutputFiles} from './output-files.js'
import {resultLine, type ResultFormat} from './result-line.js'
import type {RowReward} from './score-window.js'
import {windowDigest, type Window} from './windows.js'

export interface WrittenOutput {
  readonly bytes: number
  readonly sha256: string
  readonly failed: number
}

/**
 * Puts a finished run's result together from its input and its journal: OUT, and OUT.errors.jsonl where rows failed. Both appear
 * whole. Throws INPUT_CHANGED where the input is not what was scored.
 */
export async function writeOutput(
  windows: () => AsyncIterable<Window>,
  journal: Journal,
  files: OutputFiles,
  format: ResultFormat,
): Promise<WrittenOutput> {
  let failed = 0
  const hash = createHash('sha256')
  let bytes = 0
  await writeAtomically(files.output, async (file) => {
    for await (const window of windows()) {
      const lines: Buffer[] = []
      for (const {raw, outcome} of await outcomes(window, journal, files)) {
        if ('failure' in outcome) failed++
        const line = resultLine(raw, outcome, format)
        if (line !== undefined) lines.push(line, LINE_END)
      }
      const block = Buffer.concat(lines)
      hash.update(block)
      bytes += block.length
      await file.appendFile(block)
    }
  })
  if (failed > 0) await writeAtomically(files.errors, (file) => writeJsonLines(file, failures(windows(), journal, files)))
  return {bytes, sha256: hash.digest('hex'), failed}
}

const LINE_END = Buffer.from('\n')

async function* failures(windows: AsyncIterable<Window>, journal: Journal, files: OutputFiles): AsyncGenerator<Failure> {
  for await (const window of windows) {
    for (const {outcome} of await outcomes(window, journal, files)) if ('failure' in outcome) yield outcome.failure
  }
}

async function outcomes(
  window: Window,
  journal: Journal,
  files: OutputFiles,
): Promise<{raw: RawRow; outcome: {reward: RowReward} | {failure: Failure}}[]> {
  const record = await journal.closed(window.index)
  if (record === undefined || record.digest !== windowDigest(window)) throw otherInput(files.journal, window.index)
  const failures = new Map(record.failures)
  return window.rows.map((raw, i) => {
    const failure = failures.get(i)
    if (failure !== undefined) return {raw, outcome: {failure}}
    const reward = record.rewards[i]
    if (reward === undefined || reward === null) throw otherInput(files.journal, window.index)
    return {raw, outcome: {reward}}
  })
}

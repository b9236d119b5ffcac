import {PolarError} from '../errors.js'
import type {Failure, ScoreEvent, ScoreSummary} from '../scoring/events.js'
import {durationText} from '../system/duration.js'
import {printable} from './output.js'
import type {Progress} from './progress.js'
import type {ScoreView} from './score-view.js'

/** Failed rows that are told one by one; the rest is counted. */
const FAILURES_SHOWN = 20
/** Ways out that are told at the end, of all that failed rows suggest. */
const REMEDIES_SHOWN = 6

/** A shorter run is over before its estimate is read. */
const WORTH_TELLING_SECONDS = 20

export interface ScoreReportOptions {
  readonly progress: Progress
  readonly view: ScoreView | undefined
  readonly notice: (message: string) => void
  readonly warn: (message: string) => void
}

/** Shows a scoring run while it goes; returns its summary, and what can be done about the rows that failed. */
export async function reportScore(
  events: AsyncGenerator<ScoreEvent, ScoreSummary>,
  options: ScoreReportOptions,
): Promise<{summary: ScoreSummary; remedies: readonly string[]}> {
  const {progress, view, notice, warn} = options
  let bytesTotal: number | undefined
  let shown = 0
  const remedies = new Set<string>()
  try {
    for (;;) {
      const next = await events.next()
      if (next.done) {
        progress.stop()
        await view?.end()
        return {summary: next.value, remedies: [...remedies]}
      }
      const event = next.value
      if (event.type === 'start') {
        bytesTotal = event.bytesTotal
        progress.update({done: 0, unit: 'rows', tokens: 0, ...(bytesTotal !== undefined && {fraction: 0})})
      } else if (event.type === 'progress') {
        const fraction = bytesTotal === undefined ? {} : {fraction: event.bytes / bytesTotal}
        progress.update({done: event.rows, unit: 'rows', tokens: event.tokens, ...fraction})
      } else if (event.type === 'rows') {
        progress.stop()
        await view?.add(event.rows)
      } else if (event.type === 'failed') {
        for (const failure of event.failures) {
          if (shown++ < FAILURES_SHOWN) progress.note(failureLine(failure))
          if (remedies.size < REMEDIES_SHOWN) failure.suggestions.forEach((suggestion) => remedies.add(suggestion))
        }
      } else if (event.type === 'estimate') {
        if (event.seconds >= WORTH_TELLING_SECONDS)
          progress.note(`about ${durationText(event.seconds)} at ${Math.round(event.tokensPerSecond)} tokens/s`)
      } else if (event.type === 'warning') warn(event.message)
      else notice(event.message)
    }
  } finally {
    progress.stop()
    if (shown > FAILURES_SHOWN) warn(`${shown - FAILURES_SHOWN} more rows failed`)
  }
}

function failureLine({code, message}: Failure): string {
  return `${printable(message)} [${code}]`
}

/** The last line of a run, for people. */
export function summaryLine({rows, scored, failed, cut, reused, seconds, tokens, identity, output}: ScoreSummary): string {
  const parts = [
    `${scored} of ${rows} rows scored in ${durationText(seconds)}`,
    ...(tokens > 0 && seconds > 0 ? [`${Math.round(tokens / seconds)} tokens/s`] : []),
    ...(reused > 0 ? [`${reused} taken over`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cut > 0 ? [`${cut} cut`] : []),
    `${identity.engine} ${identity.dtype} ${identity.model}`,
  ]
  return `${parts.join(', ')}${output === undefined ? '' : ` → ${output}`}`
}

/** The error that a run with failed rows ends with, beside its summary; undefined where every row was scored. */
export function failedRows(summary: ScoreSummary, remedies: readonly string[]): PolarError | undefined {
  const {rows, failed, errors, onlyDataFailed} = summary
  if (failed === 0) return undefined
  const message = `${failed} of ${rows} rows failed${errors === undefined ? '' : `: ${errors}`}`
  const again = onlyDataFailed
    ? 'mend those rows in a file of their own and score that'
    : 'run the same command again: it tries only those rows'
  const suggestions = errors === undefined ? remedies : [...remedies, again]
  const details = {result: summary, facts: {rows, failed, errors}, suggestions}
  return onlyDataFailed
    ? new PolarError('data', 'ROWS_FAILED', message, details)
    : new PolarError('reward', 'ROWS_FAILED', message, details)
}

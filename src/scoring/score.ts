import {Interrupted, isInterruption, PolarError} from '../errors.js'
import {demandStdinOnce} from '../rows/input-files.js'
import {checkReadable, readRows} from '../rows/read-rows.js'
import type {ScoreEvent, ScoreSummary} from './events.js'
import type {ScoreOptions} from './options.js'
import {beginRun, conclude, count, follow, loadModel, readingOf, type Run} from './run.js'
import {scoreToFile} from './score-to-file.js'
import {scoreWindow} from './score-window.js'
import {windows, type WindowSize} from './windows.js'

/**
 * Scores rows: reads, encodes, batches, and gives every row its reward, in input order.
 *
 * With `output` the rewards are journalled batch by batch: after any stop the same call goes on, and the output appears once, whole,
 * when all is through. Rows that fail are set aside in `OUT.errors.jsonl` and tried again by the next call. Without `output` rows
 * come as events.
 *
 * Throws before anything is scored: INPUT_MISSING, OUTPUT_IS_INPUT, OUTPUT_EXISTS, INPUT_CHANGED, LOCKED, NOT_WRITABLE,
 * CONFIRMATION_NEEDED. Throws later: DISK_FULL, `Interrupted` when `signal` fired, or what made the model unusable. Failed rows do
 * not throw: the summary counts them.
 */
export async function* score(options: ScoreOptions): AsyncGenerator<ScoreEvent, ScoreSummary> {
  for (const file of options.files) await checkReadable(file)
  demandSense(options)
  const run = await beginRun(options)
  try {
    return options.output === undefined ? yield* scoreToCaller(run) : yield* scoreToFile(run, options.output)
  } catch (error) {
    if (!isInterruption(error, options.signal)) throw error
    throw interrupted(run)
  }
}

function interrupted({options: {output, signal}, tally}: Run): Interrupted {
  const kept = output === undefined ? '' : `, all kept in ${output}.journal`
  return new Interrupted(`stopped with ${tally.rewards} rewards computed${kept}`, {
    cause: signal?.reason,
    suggestions:
      output === undefined
        ? ['-o FILE makes a run that can be taken up again']
        : ['run the same command again to go on from here'],
  })
}

/** Rows that are handed out as they come should come soon. */
const SMALL_WINDOW: WindowSize = {rows: 256, bytes: 1 << 20}

async function* scoreToCaller(run: Run): AsyncGenerator<ScoreEvent, ScoreSummary> {
  const {options, policy} = run
  const model = await loadModel(run)
  yield {type: 'start', bytesTotal: run.bytesTotal, resumed: false}
  for await (const window of windows(readRows(options.files, readingOf(run)), SMALL_WINDOW, options.limit)) {
    const {encoder, signal} = options
    signal?.throwIfAborted()
    const events = scoreWindow(window, {encoder, model, policy, signal, known: new Map()})
    const scored = yield* follow(run, model, window, events)
    yield* count(
      run,
      window,
      scored.rows.flatMap(({failure}) => failure ?? []),
      scored.cutRows,
    )
    yield {type: 'rows', rows: scored.rows}
  }
  return yield* conclude(run, model.identity)
}

/** Throws FLAG_INVALID for options that contradict each other. */
function demandSense({files, rewardKey = 'reward', rewardsOnly, keepFailed}: ScoreOptions): void {
  const refuse = (message: string, suggestion: string): never => {
    throw new PolarError('usage', 'FLAG_INVALID', message, {suggestions: [suggestion]})
  }
  demandStdinOnce(files)
  const taken = [...(rewardsOnly ? ['file', 'line'] : []), ...(keepFailed ? ['error'] : [])]
  if (rewardKey === '' || taken.includes(rewardKey))
    refuse(`"${rewardKey}" cannot be the key of the reward here`, '--reward-key NAME')
}

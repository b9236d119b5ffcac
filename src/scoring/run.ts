import {PolarError} from '../errors.js'
import type {ModelIdentity, RewardModel} from '../reward-models/reward-model.js'
import {DEFAULT_ROW_KEYS} from '../rows/parse-row.js'
import {inputBytes, type ReadRowsOptions} from '../rows/read-rows.js'
import type {RowPolicy} from './encode-row.js'
import {demandShortRun, estimateRun} from './estimate.js'
import type {Failure, ScoreEvent, ScoreSummary} from './events.js'
import type {ScoreOptions} from './options.js'
import type {CandidateRewards, ScoredWindow, WindowEvent} from './score-window.js'
import {createTally, type Tally} from './tally.js'
import type {Window} from './windows.js'

/** What the parts of one scoring run share. */
export interface Run {
  readonly options: ScoreOptions
  readonly policy: RowPolicy
  readonly tally: Tally
  /** Size of the input, where it is known. */
  readonly bytesTotal: number | undefined
  /** Bytes of the rows whose windows are through. */
  bytesDone: number
  estimated: boolean
}

export async function beginRun(options: ScoreOptions): Promise<Run> {
  const policy: RowPolicy = {
    keys: {...DEFAULT_ROW_KEYS, ...options.keys},
    rewardKey: options.rewardKey ?? 'reward',
    replaceReward: options.replaceReward ?? false,
    controlTokens: options.controlTokens ?? 'fail',
    onTooLong: options.onTooLong ?? 'cut',
  }
  return {options, policy, tally: createTally(), bytesTotal: await inputBytes(options.files), bytesDone: 0, estimated: false}
}

/** How the run reads its rows. */
export function readingOf({options: {signal, stdin}}: Run): ReadRowsOptions {
  return {...(signal && {signal}), ...(stdin && {stdin})}
}

export async function loadModel({options: {model}}: Run): Promise<RewardModel> {
  return typeof model === 'function' ? model() : model
}

/** Passes a window's batches on as progress, and the first look at its tokens as an estimate of the whole run. */
export async function* follow(
  run: Run,
  model: RewardModel,
  window: Window,
  events: AsyncGenerator<WindowEvent, ScoredWindow>,
  onBatch: (rewards: CandidateRewards) => Promise<void> = async () => {},
): AsyncGenerator<ScoreEvent, ScoredWindow> {
  let tokensTotal = 0
  let tokensDone = 0
  const rowsDone = new Set<string>()
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
    const event = next.value
    if (event.type === 'encoded') {
      tokensTotal = event.tokens
      yield* estimate(run, model, window, event.tokens)
    } else {
      run.tally.tokens += event.tokens
      tokensDone += event.tokens
      await onBatch(event.rewards)
      run.tally.rewards += event.rewards.size
      for (const key of event.rewards.keys()) rowsDone.add(key.split('.', 1)[0] ?? key)
      yield progress(run, rowsDone.size, (bytesOf(window) * tokensDone) / Math.max(1, tokensTotal))
    }
  }
}

async function* estimate(run: Run, model: RewardModel, window: Window, tokens: number): AsyncGenerator<ScoreEvent> {
  if (run.estimated || tokens === 0) return
  run.estimated = true
  const bytes = bytesOf(window)
  const rowsLeft = (run.options.limit ?? Infinity) - run.tally.rows
  const bytesLeft = Math.max(bytes, (run.bytesTotal ?? 0) - run.bytesDone)
  const found = await estimateRun(model, tokens * Math.min(bytesLeft / bytes, Math.max(1, rowsLeft / window.rows.length)))
  if (found === undefined) return
  yield {type: 'estimate', ...found}
  if (run.options.maxSeconds !== undefined) demandShortRun(found, run.options.maxSeconds)
}

/** Mistakes of a command line, not of single rows, where every row makes them. */
const COMMAND_MISTAKES = new Set(['KEY_NOT_FOUND', 'REWARD_KEY_EXISTS'])
/** So many rows that fail alike are no accident. */
const MANY_ROWS = 200

/**
 * Throws what the first row failed for, where all rows of the first window failed for the same reason and the command line is at
 * fault: going on through a large file would help nobody.
 */
function demandSomeRow(run: Run, window: Window, failures: readonly Failure[]): void {
  const [first] = failures
  const isFirstOfMany = run.tally.rows === 0 && window.rows.length >= MANY_ROWS
  if (first === undefined || !isFirstOfMany || failures.length < window.rows.length || !COMMAND_MISTAKES.has(first.code)) return
  if (failures.some(({code}) => code !== first.code)) return
  const code = first.code === 'KEY_NOT_FOUND' ? 'KEY_NOT_FOUND' : 'REWARD_KEY_EXISTS'
  throw new PolarError('data', code, `${first.message}, and the same for the first ${failures.length} rows`, {
    suggestions:
      code === 'KEY_NOT_FOUND'
        ? ['--prompt-key, --reference-key and --output-key name the columns']
        : ['--replace-reward to put new rewards in place of the old', '--reward-key NAME to write under another key'],
    facts: {rows: failures.length},
  })
}

/** Counts a window that is through. */
export async function* count(
  run: Run,
  window: Window,
  failures: readonly Failure[],
  cutRows: readonly number[],
): AsyncGenerator<ScoreEvent> {
  demandSomeRow(run, window, failures)
  run.tally.rows += window.rows.length
  run.tally.addFailures(failures)
  run.tally.addCut(cutRows.flatMap((i) => window.rows[i] ?? []))
  run.bytesDone += bytesOf(window)
  if (failures.length > 0) yield {type: 'failed', failures}
  yield progress(run)
}

/** Ends a run: what the user should know, and the summary. */
export async function* conclude(run: Run, identity: ModelIdentity): AsyncGenerator<ScoreEvent, ScoreSummary> {
  const warning = run.tally.cutWarning()
  if (warning !== undefined) yield {type: 'warning', message: warning}
  return run.tally.summary(identity)
}

function progress(run: Run, rowsInWindow = 0, bytesInWindow = 0): ScoreEvent {
  const {rows, tokens, failed} = run.tally
  return {type: 'progress', rows: rows + rowsInWindow, bytes: run.bytesDone + bytesInWindow, tokens, failed}
}

function bytesOf(window: Window): number {
  return window.rows.reduce((bytes, row) => bytes + row.bytes.length + 1, 0)
}

import {createReadStream} from 'node:fs'
import {open, rm} from 'node:fs/promises'
import {Interrupted, PolarError} from '../errors.js'
import type {ModelIdentity, RewardModel} from '../reward-models/reward-model.js'
import {DEFAULT_ROW_KEYS} from '../rows/parse-row.js'
import {checkReadable, inputBytes, readRows, STDIN, type ReadRowsOptions} from '../rows/read-rows.js'
import {lock, writeAtomically} from '../system/files.js'
import {polarVersion} from '../system/version.js'
import type {RowPolicy} from './encode-row.js'
import {demandShortRun, estimateRun} from './estimate.js'
import type {Failure, ScoreEvent, ScoreSummary} from './events.js'
import {openJournal, otherInput, type ClosedWindow, type Journal} from './journal.js'
import type {ScoreOptions} from './options.js'
import {demandOtherFiles, earlierRun, outputFiles, removeTraces, type OutputFiles} from './output-files.js'
import type {ResultFormat} from './result-line.js'
import {identifyRun, type RunIdentity} from './run-identity.js'
import {scoreWindow, type CandidateRewards, type ScoredWindow, type WindowEvent} from './score-window.js'
import {createTally, type Tally} from './tally.js'
import {WINDOW_SIZE, windowDigest, windows, type Window, type WindowSize} from './windows.js'
import {writeOutput} from './write-output.js'

/** Rows that are handed out as they come should come soon. */
const SMALL_WINDOW: WindowSize = {rows: 256, bytes: 1 << 20}

/** What the parts of one run share. */
interface Run {
  readonly options: ScoreOptions
  readonly policy: RowPolicy
  readonly tally: Tally
  readonly bytesTotal: number | undefined
  bytesRead: number
  estimated: boolean
}

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
  demandOneStdin(options.files)
  const run: Run = {
    options,
    policy: policyOf(options),
    tally: createTally(),
    bytesTotal: await inputBytes(options.files),
    bytesRead: 0,
    estimated: false,
  }
  try {
    return options.output === undefined ? yield* scoreToCaller(run) : yield* scoreToFile(run, outputFiles(options.output))
  } catch (error) {
    if (options.signal?.aborted !== true || error instanceof PolarError) throw error
    const {rows, failed} = run.tally
    const goOn = options.output === undefined ? [] : ['run the same command again: it goes on where this one stopped']
    throw new Interrupted(`stopped after ${rows} rows (${failed} failed)`, {cause: options.signal.reason, suggestions: goOn})
  }
}

async function* scoreToCaller(run: Run): AsyncGenerator<ScoreEvent, ScoreSummary> {
  const {options, policy, tally} = run
  const model = await load(options.model)
  yield {type: 'start', bytesTotal: run.bytesTotal, resumed: false}
  for await (const window of windows(readRows(options.files, reading(run)), SMALL_WINDOW, options.limit)) {
    const {encoder, signal} = options
    const events = scoreWindow(window, {encoder, model, policy, signal, known: new Map()})
    const scored = yield* follow(run, model, window, events, async () => {})
    yield* count(run, window, scored.rows.flatMap(({failure}) => failure ?? []), scored.cutRows)
    yield {type: 'rows', rows: scored.rows}
  }
  return yield* conclude(run, model.identity)
}

async function* scoreToFile(run: Run, files: OutputFiles): AsyncGenerator<ScoreEvent, ScoreSummary> {
  const {options} = run
  await demandOtherFiles(options.files, files)
  const release = await lock(files.lock, files.output)
  try {
    const model = await load(options.model)
    const identity = await identifyRun(options.files, model.identity, relevantOptions(run), options.signal)
    if (options.overwrite) await removeTraces(files)
    const earlier = options.overwrite ? undefined : await earlierRun(files, identity)
    if (earlier !== undefined && earlier.summary.failed === 0 && !options.files.includes(STDIN)) {
      yield {type: 'notice', message: `${files.output} is complete already; nothing was scored again`}
      return {...run.tally.summary(model.identity), ...earlier.summary, reused: earlier.summary.rows, output: files.output}
    }
    const journal = await openJournal(files.journal, identity, files.output)
    try {
      return yield* scoreJournalled(run, model, journal, files, identity)
    } finally {
      await journal.end()
    }
  } finally {
    await release()
  }
}

async function* scoreJournalled(
  run: Run,
  model: RewardModel,
  journal: Journal,
  files: OutputFiles,
  identity: RunIdentity,
): AsyncGenerator<ScoreEvent, ScoreSummary> {
  const {options, policy} = run
  const {encoder, limit, signal} = options
  yield {type: 'start', bytesTotal: run.bytesTotal, resumed: journal.closedWindows > 0}
  const stdinCopy = options.files.includes(STDIN) ? await open(files.stdin, 'w') : undefined
  const onStdin = async (chunk: Buffer): Promise<void> => void (await stdinCopy?.appendFile(chunk))
  let windowCount = 0
  try {
    for await (const window of windows(readRows(options.files, {...reading(run), onStdin}), WINDOW_SIZE, limit)) {
      windowCount++
      const digest = windowDigest(window)
      const earlier = await journal.closed(window.index)
      if (earlier !== undefined && earlier.digest !== digest) throw otherInput(files.journal, window.index)
      const known = journal.rewards(window.index, digest)
      let closed = earlier
      if (earlier === undefined || earlier.failures.length > 0) {
        const only = earlier && new Set(earlier.failures.map(([row]) => row))
        const events = scoreWindow(window, {encoder, model, policy, signal, known, only})
        const scored = yield* follow(run, model, window, events, (rewards) => journal.append(window.index, digest, rewards))
        closed = closing(digest, scored, earlier)
        await journal.close(window.index, closed)
      }
      if (closed === undefined) continue
      run.tally.reused += countReused(closed, earlier, known)
      yield* count(run, window, closed.failures.map(([, failure]) => failure), closed.cut)
    }
    if (windowCount < journal.closedWindows) throw otherInput(files.journal, windowCount)
  } finally {
    await stdinCopy?.close()
  }
  const again = (): AsyncIterable<Window> =>
    windows(readRows(options.files, stdinCopy === undefined ? {} : {stdin: createReadStream(files.stdin)}), WINDOW_SIZE, limit)
  const written = await writeOutput(again, journal, files, formatOf(options))
  const summary = yield* conclude(run, model.identity)
  await writeMeta(files.meta, identity, model.identity, summary, written)
  await rm(files.stdin, {force: true})
  if (written.failed > 0) return {...summary, output: files.output, errors: files.errors}
  await rm(files.errors, {force: true})
  await rm(files.journal, {force: true})
  return {...summary, output: files.output}
}

/** Passes on a window's events as progress, and the first look at its tokens as an estimate of the whole run. */
async function* follow(
  run: Run,
  model: RewardModel,
  window: Window,
  events: AsyncGenerator<WindowEvent, ScoredWindow>,
  onBatch: (rewards: CandidateRewards) => Promise<void>,
): AsyncGenerator<ScoreEvent, ScoredWindow> {
  for (;;) {
    const next = await events.next()
    if (next.done) return next.value
    const event = next.value
    if (event.type === 'encoded') yield* estimate(run, model, window, event.tokens)
    else {
      run.tally.tokens += event.tokens
      await onBatch(event.rewards)
      yield progress(run)
    }
  }
}

async function* estimate(run: Run, model: RewardModel, window: Window, windowTokens: number): AsyncGenerator<ScoreEvent> {
  if (run.estimated || windowTokens === 0) return
  run.estimated = true
  const windowBytes = window.rows.reduce((bytes, row) => bytes + row.bytes.length, 0)
  const bytesLeft = (run.bytesTotal ?? run.bytesRead) - Math.max(0, run.bytesRead - windowBytes)
  const rowsLeft = (run.options.limit ?? Infinity) - run.tally.rows
  const share = Math.min(Math.max(1, bytesLeft / windowBytes), rowsLeft / window.rows.length)
  const found = await estimateRun(model, windowTokens * share)
  if (found === undefined) return
  yield {type: 'estimate', ...found}
  if (run.options.maxSeconds !== undefined) demandShortRun(found, run.options.maxSeconds)
}

async function* count(run: Run, window: Window, failures: readonly Failure[], cutRows: readonly number[]): AsyncGenerator<ScoreEvent> {
  run.tally.rows += window.rows.length
  run.tally.addFailures(failures)
  run.tally.addCut(cutRows.flatMap((i) => window.rows[i] ?? []))
  if (failures.length > 0) yield {type: 'failed', failures}
  yield progress(run)
}

async function* conclude(run: Run, identity: ModelIdentity): AsyncGenerator<ScoreEvent, ScoreSummary> {
  const warning = run.tally.cutWarning()
  if (warning !== undefined) yield {type: 'warning', message: warning}
  return run.tally.summary(identity)
}

function progress(run: Run): ScoreEvent {
  const {rows, tokens, failed} = run.tally
  return {type: 'progress', rows, bytes: run.bytesRead, tokens, failed}
}

/** A window's closing record; after a second try the failed rows of the first are filled in. */
function closing(digest: string, scored: ScoredWindow, earlier: ClosedWindow | undefined): ClosedWindow {
  return {
    digest,
    rewards: scored.rows.map(({reward}, i) => (reward === undefined ? (earlier?.rewards[i] ?? null) : reward)),
    failures: scored.rows.flatMap(({failure}, i) => (failure === undefined ? [] : [[i, failure]])),
    cut: [...new Set([...(earlier?.cut ?? []), ...scored.cutRows])].sort((a, b) => a - b),
  }
}

/** Rows whose rewards were there before this run. */
function countReused(closed: ClosedWindow, earlier: ClosedWindow | undefined, known: CandidateRewards): number {
  const isKnown = (reward: unknown, row: number): boolean => known.has(Array.isArray(reward) ? `${row}.0` : String(row))
  return closed.rewards.filter((reward, row) => reward !== null && ((earlier?.rewards[row] ?? null) !== null || isKnown(reward, row))).length
}

async function writeMeta(
  path: string,
  run: RunIdentity,
  identity: ModelIdentity,
  summary: ScoreSummary,
  {bytes, sha256}: {bytes: number; sha256: string},
): Promise<void> {
  const warning = identity.placeholder ? {warning: 'made by the stand-in model polar-nano: the rewards mean nothing'} : {}
  const {rows, scored, failed, cut} = summary
  const meta = {polar: polarVersion(), ...warning, model: identity, summary: {rows, scored, failed, cut}, output: {bytes, sha256}, run}
  await writeAtomically(path, (file) => file.writeFile(`${JSON.stringify(meta, undefined, 2)}\n`))
}

/** All that decides what the output holds. */
function relevantOptions({options, policy}: Run): Record<string, unknown> {
  const {maxLength, maxResponseLength, responseCutSide} = options.encoder.limits
  const {rewardsOnly, keepFailed} = formatOf(options)
  return {maxLength, maxResponseLength, responseCutSide, ...policy, rewardsOnly, keepFailed, limit: options.limit ?? null}
}

function policyOf(options: ScoreOptions): RowPolicy {
  return {
    keys: {...DEFAULT_ROW_KEYS, ...options.keys},
    rewardKey: options.rewardKey ?? 'reward',
    replaceReward: options.replaceReward ?? false,
    controlTokens: options.controlTokens ?? 'fail',
    onTooLong: options.onTooLong ?? 'cut',
  }
}

/** How the results of a run are written. */
export function formatOf(options: Pick<ScoreOptions, 'rewardKey' | 'rewardsOnly' | 'replaceReward' | 'keepFailed'>): ResultFormat {
  const {rewardKey = 'reward', rewardsOnly = false, replaceReward = false, keepFailed = false} = options
  return {rewardKey, rewardsOnly, replaceReward, keepFailed}
}

function reading(run: Run): ReadRowsOptions {
  const {signal, stdin} = run.options
  return {
    ...(signal ? {signal} : {}),
    ...(stdin ? {stdin} : {}),
    onBytes: (bytes) => {
      run.bytesRead += bytes
    },
  }
}

async function load(model: ScoreOptions['model']): Promise<RewardModel> {
  return typeof model === 'function' ? model() : model
}

function demandOneStdin(files: readonly string[]): void {
  if (files.filter((file) => file === STDIN).length <= 1) return
  throw new PolarError('usage', 'FLAG_INVALID', 'standard input (-) is named more than once', {suggestions: ['name it once']})
}

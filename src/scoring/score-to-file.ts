import {createReadStream} from 'node:fs'
import {open, rm} from 'node:fs/promises'
import type {ModelIdentity, RewardModel} from '../reward-models/reward-model.js'
import {demandOtherFiles} from '../rows/input-files.js'
import {readRows, STDIN, type ReadRowsOptions} from '../rows/read-rows.js'
import {fileError} from '../system/file-errors.js'
import {lock, removeTemporaries, writeAtomically} from '../system/files.js'
import {polarVersion} from '../system/version.js'
import type {ScoreEvent, ScoreSummary} from './events.js'
import {openJournal, otherInput, type ClosedWindow, type Journal} from './journal.js'
import {demandOwnFiles, demandUsable, earlierRun, outputFiles, removeTraces, type OutputFiles} from './output-files.js'
import type {ResultFormat} from './result-line.js'
import {identifyRun, type RunIdentity} from './run-identity.js'
import {conclude, count, follow, loadModel, readingOf, type Run} from './run.js'
import {scoreWindow, type CandidateRewards, type ScoredWindow} from './score-window.js'
import {WINDOW_SIZE, windowDigest, windows, type Window} from './windows.js'
import {writeOutput} from './write-output.js'

/** A run with `-o`: journalled, taken up again after any stop, its output put together at the end. */
export async function* scoreToFile(run: Run, output: string): AsyncGenerator<ScoreEvent, ScoreSummary> {
  const {options} = run
  const files = outputFiles(output)
  await demandUsable(options, files)
  await demandOtherFiles(Object.values(files), options.files)
  const release = await lock(files.lock, files.output)
  try {
    for (const path of [files.output, files.meta, files.errors]) await removeTemporaries(path)
    if (!options.overwrite) await demandOwnFiles(files)
    const model = await loadModel(run)
    const identity = await identifyRun(options.files, model.identity, optionsThatCount(run), options.signal)
    if (options.overwrite) await removeTraces(files)
    const earlier = options.overwrite ? undefined : await earlierRun(files, identity)
    if (earlier !== undefined && earlier.summary.failed === 0 && !options.files.includes(STDIN)) {
      for (const path of [files.journal, files.errors]) await rm(path, {force: true}) // of a stop just before the end
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
  const {options} = run
  const readsStdin = options.files.includes(STDIN)
  yield {type: 'start', bytesTotal: run.bytesTotal, resumed: journal.closedWindows > 0}
  if (readsStdin) yield* scoreStdin(run, model, journal, files)
  else yield* scoreWindows(run, model, journal, files, readingOf(run))

  const {signal} = options
  const again = (): AsyncIterable<Window> => {
    const stdin = readsStdin ? {stdin: createReadStream(files.stdin)} : {}
    return windows(readRows(options.files, {...(signal && {signal}), ...stdin}), WINDOW_SIZE, options.limit)
  }
  await rm(files.meta, {force: true}) // from here until it is written anew, the journal alone speaks for OUT
  const written = await writeOutput(again, journal, files, formatOf(run))
  const summary = yield* conclude(run, model.identity)
  await writeMeta(files.meta, identity, model.identity, summary, written, run.tally.cutPlaces)
  await rm(files.stdin, {force: true})
  if (written.failed > 0) return {...summary, output: files.output, errors: files.errors}
  await rm(files.errors, {force: true})
  if (!readsStdin) await rm(files.journal, {force: true}) // the journal alone knows what standard input was
  return {...summary, output: files.output}
}

/** Keeps a copy of standard input, which cannot be read again when the output is put together. */
async function* scoreStdin(run: Run, model: RewardModel, journal: Journal, files: OutputFiles): AsyncGenerator<ScoreEvent> {
  const copy = await open(files.stdin, 'w')
  try {
    const onStdin = async (chunk: Buffer): Promise<void> => {
      await copy.appendFile(chunk).catch((error: unknown) => {
        throw fileError(error, files.stdin)
      })
    }
    yield* scoreWindows(run, model, journal, files, {...readingOf(run), onStdin})
  } finally {
    await copy.close()
  }
}

async function* scoreWindows(
  run: Run,
  model: RewardModel,
  journal: Journal,
  files: OutputFiles,
  reading: ReadRowsOptions,
): AsyncGenerator<ScoreEvent> {
  const {options, policy} = run
  const {encoder, limit, signal} = options
  let windowCount = 0
  for await (const window of windows(readRows(options.files, reading), WINDOW_SIZE, limit)) {
    signal?.throwIfAborted()
    windowCount++
    const digest = windowDigest(window)
    const earlier = await journal.closed(window.index)
    if (earlier !== undefined && earlier.digest !== digest) throw otherInput(files.journal, window.index)
    const known = journal.rewards(window.index, digest)
    let closed = earlier
    if (closed === undefined || closed.failures.length > 0) {
      const only = earlier && new Set(earlier.failures.map(([row]) => row))
      const events = scoreWindow(window, {encoder, model, policy, signal, known, only})
      const scored = yield* follow(run, model, window, events, (rewards) => journal.append(window.index, digest, rewards))
      closed = closing(digest, scored, earlier)
      await journal.close(window.index, closed)
    }
    run.tally.reused += countReused(closed, earlier, known)
    const failures = closed.failures.map(([, failure]) => failure)
    yield* count(run, window, failures, closed.cut)
  }
  if (windowCount < journal.closedWindows) throw otherInput(files.journal, windowCount)
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
  return closed.rewards.filter(
    (reward, row) => reward !== null && ((earlier?.rewards[row] ?? null) !== null || isKnown(reward, row)),
  ).length
}

async function writeMeta(
  path: string,
  run: RunIdentity,
  identity: ModelIdentity,
  summary: ScoreSummary,
  {bytes, sha256}: {bytes: number; sha256: string},
  cutPlaces: readonly string[],
): Promise<void> {
  const warning = identity.placeholder ? {warning: 'made by the stand-in model polar-nano: the rewards mean nothing'} : {}
  const {rows, scored, failed, cut} = summary
  const meta = {
    polar: polarVersion(),
    ...warning,
    model: identity,
    summary: {rows, scored, failed, cut},
    output: {bytes, sha256},
    cutRows: cutPlaces,
    run,
  }
  await writeAtomically(path, (file) => file.writeFile(`${JSON.stringify(meta, undefined, 2)}\n`))
}

/** All that decides what the output holds. */
function optionsThatCount(run: Run): Record<string, unknown> {
  const {options, policy} = run
  const {maxLength, maxResponseLength, responseCutSide} = options.encoder.limits
  const {rewardsOnly, keepFailed} = formatOf(run)
  const limits = {maxLength, maxResponseLength, responseCutSide}
  return {...limits, ...policy, rewardsOnly, keepFailed, limit: options.limit ?? null, windowRows: WINDOW_SIZE.rows}
}

function formatOf({options, policy: {rewardKey, replaceReward}}: Run): ResultFormat {
  return {rewardKey, replaceReward, rewardsOnly: options.rewardsOnly ?? false, keepFailed: options.keepFailed ?? false}
}

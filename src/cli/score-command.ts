import {createEncoder, type EncoderOptions} from '../encoding/encoder.js'
import {loadTokenizer} from '../encoding/tokenizer/load.js'
import {Interrupted, PolarError} from '../errors.js'
import {PLACEHOLDER_NOTICE, resolveModel, type ResolvedModel} from '../models/resolve.js'
import {loadRewardModel, type LoadOptions} from '../reward-models/onnx/load.js'
import type {RewardModel} from '../reward-models/reward-model.js'
import type {ScoreSummary} from '../scoring/events.js'
import type {ScoreOptions} from '../scoring/options.js'
import {score} from '../scoring/score.js'
import {shellCommand} from '../system/shell-command.js'
import type {Progress} from './progress.js'
import {failedRows, reportScore, summaryLine} from './score-report.js'
import {jsonLinesView, tableView, type ScoreView} from './score-view.js'

export interface ScoreCommandOptions {
  readonly files: readonly string[]
  readonly modelName: string
  readonly limits: EncoderOptions
  readonly compute: LoadOptions
  readonly sort: boolean
  readonly json: boolean
  readonly progress: Progress
  readonly notice: (message: string) => void
  readonly warn: (message: string) => void
  readonly run: Omit<ScoreOptions, 'files' | 'encoder' | 'model'>
}

/** What `polar score` does: find the model, score, show. Throws ROWS_FAILED at the end of a run in which rows failed. */
export async function scoreCommand(options: ScoreCommandOptions): Promise<ScoreSummary> {
  const {files, modelName, limits, run, notice, warn, progress} = options
  if (options.json && run.output === undefined) {
    throw new PolarError('usage', 'FLAG_INVALID', '--json prints the summary of a run on stdout, so the rows need a file', {
      suggestions: ['-o FILE'],
    })
  }
  const found = await resolveModel(modelName)
  const encoder = createEncoder(await loadTokenizer(found.directory), limits)
  if (found.isPlaceholder) warn(PLACEHOLDER_NOTICE)
  let model: RewardModel | undefined
  const loadModel = async (): Promise<RewardModel> => (model = await load(found, options))
  try {
    const {summary, remedies} = await reportScore(score({...run, files, encoder, model: loadModel}), {
      progress,
      view: run.output === undefined ? viewOf(options) : undefined,
      notice,
      warn,
    })
    notice(summaryLine(summary))
    const failed = failedRows(summary, remedies)
    if (failed !== undefined) throw failed
    return summary
  } catch (error) {
    throw error instanceof Interrupted && run.output !== undefined ? resumable(error) : error
  } finally {
    await model?.close()
  }
}

/** The same, with the command that takes the run up again. */
function resumable(error: Interrupted): Interrupted {
  const argv = process.argv.slice(2).filter((word) => word !== '--overwrite')
  return new Interrupted(`${error.message}; the same command goes on from there`, {
    signal: error.signal,
    suggestions: [shellCommand(['polar', ...argv])],
    facts: error.facts,
    cause: error,
  })
}

async function load(
  {name, directory, isPlaceholder}: ResolvedModel,
  {compute, notice, progress, run}: ScoreCommandOptions,
): Promise<RewardModel> {
  const model = await loadRewardModel(directory, {
    ...compute,
    ...(run.signal && {signal: run.signal}),
    onQuantizing: (share) => progress.update({done: Math.round(share * 100), total: 100, unit: '% of the 8-bit weights'}),
    onWaiting: notice,
  })
  progress.stop()
  if (model.notice !== undefined) notice(model.notice)
  return {
    identity: {...model.identity, model: name, ...(isPlaceholder && {placeholder: true})},
    batches: (inputs) => model.batches(inputs),
    rewards: (inputs, options) => model.rewards(inputs, options),
    measure: () => model.measure(),
    close: () => model.close(),
  }
}

function viewOf({files, sort, run}: ScoreCommandOptions): ScoreView {
  const {rewardKey = 'reward', rewardsOnly = false, replaceReward = false} = run
  const options = {sort, rewardKey, rewardsOnly, replaceReward, severalFiles: files.length > 1}
  return process.stdout.isTTY ? tableView(options, process.stdout.columns) : jsonLinesView(options)
}

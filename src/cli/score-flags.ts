import {Flags, type Interfaces} from '@oclif/core'
import {columnFlags, columnsOf, computeFlags, limitFlags, limitsOf, modelFlag} from './flags.js'

/** A longer run wants to be confirmed. */
const UNCONFIRMED_SECONDS = 3600

/** The flags of `polar score`. */
export const scoreFlags = {
  ...modelFlag,
  output: Flags.string({
    char: 'o',
    summary: 'File of the results; written whole when the run is through',
    helpValue: 'FILE',
    aliases: ['output-file'],
  }),
  overwrite: Flags.boolean({summary: 'Redo the output, whatever wrote it', dependsOn: ['output']}),
  sort: Flags.boolean({summary: 'Rank candidates under each prompt, best first', exclusive: ['output']}),
  limit: Flags.integer({summary: 'Score only the first rows', min: 1, helpValue: 'N'}),
  'rewards-only': Flags.boolean({summary: 'Write {"file","line","reward"} instead of the rows'}),
  'reward-key': Flags.string({summary: 'Key of the reward in the result', default: 'reward', helpValue: 'KEY'}),
  'replace-reward': Flags.boolean({summary: 'Replace a reward that a row has already'}),
  'keep-failed': Flags.boolean({
    summary: 'Keep failed rows in the output, with an "error" and no reward',
    dependsOn: ['output'],
  }),
  'control-tokens': Flags.option({
    summary: 'Rows whose text holds a live control token',
    options: ['fail', 'allow'] as const,
    default: 'fail',
  })(),
  'on-too-long': Flags.option({summary: 'Rows over the length limits', options: ['cut', 'fail'] as const, default: 'cut'})(),
  ...limitFlags,
  ...columnFlags,
  ...computeFlags,
  yes: Flags.boolean({char: 'y', summary: 'Begin even a run of more than an hour'}),
}

/** The flags as `scoreCommand` takes them. */
export function scoreOptionsOf(flags: Interfaces.InferredFlags<typeof scoreFlags>) {
  return {
    modelName: flags.model,
    limits: limitsOf(flags),
    compute: {dtype: flags.dtype, ...(flags.threads !== undefined && {threads: flags.threads})},
    sort: flags.sort,
    run: {
      keys: columnsOf(flags),
      rewardKey: flags['reward-key'],
      rewardsOnly: flags['rewards-only'],
      replaceReward: flags['replace-reward'],
      keepFailed: flags['keep-failed'],
      overwrite: flags.overwrite,
      controlTokens: flags['control-tokens'],
      onTooLong: flags['on-too-long'],
      ...(flags.output !== undefined && {output: flags.output}),
      ...(flags.limit !== undefined && {limit: flags.limit}),
      ...(!flags.yes && {maxSeconds: UNCONFIRMED_SECONDS}),
    },
  }
}

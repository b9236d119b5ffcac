import {Args, Flags} from '@oclif/core'
import {PolarCommand} from '../src/cli/command.js'
import {columnFlags, columnsOf, computeFlags, limitFlags, limitsOf, modelFlag} from '../src/cli/flags.js'
import type {ScoreSummary} from '../src/scoring/events.js'

export default class Score extends PolarCommand<typeof Score> {
  static override summary = 'Give every row its reward'
  static override description =
    'Rows come back as they are, with their rewards, in their order. With -o a run can be stopped and taken up again by the same command.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> examples/strawberry.jsonl --model polar-nano --sort',
    '<%= config.bin %> <%= command.id %> rollouts.jsonl --model internlm/POLAR-7B --output scored.jsonl',
  ]
  static override args = {
    files: Args.string({
      required: true,
      multiple: true,
      ignoreStdin: true,
      description: 'JSONL files or JSON arrays, also gzipped; - is stdin',
    }),
  }
  static override flags = {
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

  async run(): Promise<ScoreSummary> {
    const {scoreCommand} = await import('../src/cli/score-command.js')
    const {flags} = this
    return scoreCommand({
      files: [this.args.files].flat(),
      modelName: flags.model,
      limits: limitsOf(flags),
      compute: {dtype: flags.dtype, ...(flags.threads !== undefined && {threads: flags.threads})},
      sort: flags.sort,
      json: this.jsonEnabled(),
      progress: await this.progress(),
      notice: (message) => this.notice(message),
      warn: (message) => void this.warn(message),
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
        ...(!flags.yes && {maxSeconds: 3600}),
        signal: this.signal,
      },
    })
  }
}

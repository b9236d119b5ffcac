import {PolarCommand} from '../src/cli/command.js'
import {filesArg} from '../src/cli/flags.js'
import {scoreFlags, scoreOptionsOf} from '../src/cli/score-flags.js'
import type {ScoreSummary} from '../src/scoring/events.js'

export default class Score extends PolarCommand<typeof Score> {
  static override summary = 'Give every row its reward'
  static override description =
    'Rows come back as they are, with their rewards, in their order. With -o a run can be stopped and taken up again by the same command.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> examples/strawberry.jsonl --model polar-nano --sort',
    '<%= config.bin %> <%= command.id %> rollouts.jsonl --model internlm/POLAR-7B --output scored.jsonl',
  ]
  static override args = filesArg
  static override flags = scoreFlags

  async run(): Promise<ScoreSummary> {
    const {scoreCommand} = await import('../src/cli/score-command.js')
    const {run, ...options} = scoreOptionsOf(this.flags)
    return scoreCommand({
      ...options,
      files: [this.args.files].flat(),
      run: {...run, signal: this.signal},
      json: this.jsonEnabled(),
      progress: await this.progress(),
      notice: (message) => this.notice(message),
      warn: (message) => void this.warn(message),
    })
  }
}

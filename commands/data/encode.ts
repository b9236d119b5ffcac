import {Flags} from '@oclif/core'
import {PolarCommand} from '../../src/cli/command.js'
import {columnFlags, columnsOf, filesArg, limitFlags, limitsOf, modelFlag} from '../../src/cli/flags.js'

export default class Encode extends PolarCommand<typeof Encode> {
  static override summary = 'Show the text and the tokens that a reward model is given for each row'
  static override description = 'Prints one JSON object a row, or one a candidate where a row holds several.'
  static override examples = ['<%= config.bin %> <%= command.id %> examples/capital.jsonl --model polar-nano --tokens']
  static override args = filesArg
  static override flags = {
    ...modelFlag,
    tokens: Flags.boolean({summary: 'Print the token ids too'}),
    ...limitFlags,
    ...columnFlags,
  }

  /** Its lines are JSON already, so `--json` adds nothing to them but an error. */
  async run(): Promise<void> {
    const {encodeCommand} = await import('../../src/cli/encode-command.js')
    await encodeCommand({
      files: [this.args.files].flat(),
      modelName: this.flags.model,
      limits: limitsOf(this.flags),
      keys: columnsOf(this.flags),
      tokens: this.flags.tokens,
      signal: this.signal,
      warn: (message) => void this.warn(message),
    })
  }
}

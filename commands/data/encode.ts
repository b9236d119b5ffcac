import {Args} from '@oclif/core'
import {PolarCommand} from '../../src/cli/command.js'
import {columnFlags, limitFlags, modelFlag} from '../../src/cli/flags.js'

export default class Encode extends PolarCommand<typeof Encode> {
  static override summary = 'Show the text and the tokens that a reward model is given for each row'
  static override examples = ['<%= config.bin %> <%= command.id %> examples/capital.jsonl --model polar-nano']
  static override args = {
    files: Args.string({required: true, multiple: true, ignoreStdin: true, description: 'JSONL files; - is stdin'}),
  }
  static override flags = {...modelFlag, ...limitFlags, ...columnFlags}

  async run(): Promise<void> {
    console.log(this.args, this.flags)
  }
}

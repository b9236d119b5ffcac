import {Args, Flags} from '@oclif/core'
import {PolarCommand} from '../../src/cli/command.js'
import {columnFlags, columnsOf, limitFlags, limitsOf, modelFlag} from '../../src/cli/flags.js'
import {writeOut} from '../../src/cli/output.js'
import {PolarError} from '../../src/errors.js'
import {abortable} from '../../src/system/abortable.js'

export default class Encode extends PolarCommand<typeof Encode> {
  static override summary = 'Show the text and the tokens that a reward model is given for each row'
  static override description = 'Prints one JSON object a row, or one a candidate where a row holds several.'
  static override examples = ['<%= config.bin %> <%= command.id %> examples/capital.jsonl --model polar-nano --tokens']
  static override args = {
    files: Args.string({
      required: true,
      multiple: true,
      ignoreStdin: true,
      description: 'JSONL files or JSON arrays; - is stdin',
    }),
  }
  static override flags = {
    ...modelFlag,
    tokens: Flags.boolean({summary: 'Print the token ids too'}),
    ...limitFlags,
    ...columnFlags,
  }

  async run(): Promise<void> {
    const [{resolveModel}, {loadTokenizer}, {createEncoder}, {encodeRows}] = await Promise.all([
      import('../../src/models/resolve.js'),
      import('../../src/encoding/tokenizer/load.js'),
      import('../../src/encoding/encoder.js'),
      import('../../src/data/encode-rows.js'),
    ])
    const model = await resolveModel(this.flags.model)
    const encoder = createEncoder(await loadTokenizer(model.directory), limitsOf(this.flags))
    const lines = encodeRows(encoder, {
      files: [this.args.files].flat(),
      keys: columnsOf(this.flags),
      tokens: this.flags.tokens,
      signal: this.signal,
    })
    // Standard input may never end; Ctrl-C must.
    const read = () => abortable(lines.next(), this.signal)
    let next = await read()
    for (; next.done !== true; next = await read()) await writeOut(`${JSON.stringify(next.value)}\n`)
    const {rows, bad, firstBad, stray, firstStray} = next.value
    if (stray > 0)
      this.warn(`${stray} of ${rows} rows hold a live control token, which polar score refuses; the first is ${firstStray}`)
    if (bad > 0)
      throw new PolarError('data', 'ROW_INVALID', `${bad} of ${rows} rows could not be encoded; the first: ${firstBad}`, {
        facts: {rows, bad},
      })
  }
}

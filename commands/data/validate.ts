import {Args, Flags} from '@oclif/core'
import {PolarCommand} from '../../src/cli/command.js'
import {writeOut} from '../../src/cli/output.js'
import type {RULES} from '../../src/data/rules/index.js'
import type {ValidationReport} from '../../src/data/validate.js'
import {PolarError} from '../../src/errors.js'

export default class Validate extends PolarCommand<typeof Validate> {
  static override summary = 'Check preference rows before they cost GPU hours'
  static override description =
    'Says of each file what xtuner 0.2.0 does with it (takes it, stops, hangs, crashes), and of each row whether it is right.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> train.jsonl --tokenizer internlm/POLAR-1_8B-Base --fix train.parquet',
    '<%= config.bin %> <%= command.id %> --rules',
  ]
  static override args = {
    files: Args.string({
      multiple: true,
      ignoreStdin: true,
      description: 'JSONL files or JSON arrays, also gzipped; - is stdin',
    }),
  }
  static override flags = {
    for: Flags.option({summary: 'What the rows are for', options: ['finetune', 'score'] as const, default: 'finetune'})(),
    tokenizer: Flags.string({
      summary: 'Checkpoint whose tokenizer counts lengths exactly',
      helpValue: 'MODEL',
      aliases: ['model'],
    }),
    'max-length': Flags.integer({summary: 'Most tokens of a sequence', default: 16384, min: 1}),
    'max-response-length': Flags.integer({summary: 'Most tokens of a reference or answer', default: 4096, min: 1}),
    'max-packed-length': Flags.integer({summary: 'Tokens of a pack [default: twice --max-length]', min: 1}),
    fix: Flags.string({summary: 'Write a mended copy: OUT.jsonl or OUT.parquet', helpValue: 'OUT'}),
    'rows-out': Flags.string({
      summary: 'Write the token counts of each row as JSON lines',
      helpValue: 'FILE',
      dependsOn: ['tokenizer'],
    }),
    'max-findings': Flags.integer({summary: 'Findings to list a file; all are counted', default: 50, min: 0, helpValue: 'N'}),
    rules: Flags.boolean({summary: 'Print all rules and leave'}),
  }

  async run(): Promise<ValidationReport | {rules: typeof RULES}> {
    const {flags} = this
    const {validationText, rulesText} = await import('../../src/cli/validation-view.js')
    if (flags.rules) {
      if (!this.jsonEnabled()) await writeOut(rulesText())
      return {rules: (await import('../../src/data/rules/index.js')).RULES}
    }
    const files = [this.args.files ?? []].flat()
    if (files.length === 0)
      throw new PolarError('usage', 'FLAG_INVALID', 'name a file to check, or --rules', {
        suggestions: ['polar data validate train.jsonl'],
      })
    const {validate} = await import('../../src/data/validate.js')
    const progress = await this.progress()
    const tell = async (report: ValidationReport) => {
      progress.stop()
      if (!this.jsonEnabled()) await writeOut(validationText(report))
    }
    const report = await validate({
      files,
      purpose: flags.for,
      limits: {
        maxLength: flags['max-length'],
        maxResponseLength: flags['max-response-length'],
        maxPackedLength: flags['max-packed-length'] ?? 2 * flags['max-length'],
      },
      maxFindings: flags['max-findings'],
      ...(flags.tokenizer !== undefined && {
        tokenizer: await (await import('../../src/data/tokenizer-of.js')).tokenizerOf(flags.tokenizer),
      }),
      ...(flags.fix !== undefined && {fix: flags.fix}),
      ...(flags['rows-out'] !== undefined && {rowsOut: flags['rows-out']}),
      onNothingLeft: tell,
      signal: this.signal,
      onProgress: ({rows, fraction}) => progress.update({done: rows, unit: 'rows', fraction}),
    })
    await tell(report)
    const {errors, rows} = report.counts
    if (errors > 0) {
      throw new PolarError(
        'data',
        'ROW_INVALID',
        `${errors} ${errors === 1 ? 'error' : 'errors'} in ${rows} ${rows === 1 ? 'row' : 'rows'}`,
        {
          suggestions:
            flags.for === 'finetune' && flags.fix === undefined ? ['--fix OUT.parquet writes the rows that have a meaning'] : [],
          result: report,
        },
      )
    }
    return report
  }
}

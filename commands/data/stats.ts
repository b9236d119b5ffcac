import {Args, Flags} from '@oclif/core'
import {PolarCommand} from '../../src/cli/command.js'
import {writeOut} from '../../src/cli/output.js'
import {PolarError} from '../../src/errors.js'
import type {Stats as Measured} from '../../src/data/stats/stats.js'

export default class Stats extends PolarCommand<typeof Stats> {
  static override summary = 'Measure preference rows: lengths, labels, what is cut and how they pack'
  static override description = 'Counts characters; with a tokenizer also tokens, exactly as xtuner 0.2.0 counts them.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> train.jsonl --tokenizer internlm/POLAR-1_8B-Base --html stats.html',
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
    tokenizer: Flags.string({summary: 'Checkpoint whose tokenizer counts lengths', helpValue: 'MODEL', aliases: ['model']}),
    'max-length': Flags.integer({summary: 'Most tokens of a sequence', default: 16384, min: 1}),
    'max-response-length': Flags.integer({summary: 'Most tokens of a reference or answer', default: 4096, min: 1}),
    'max-packed-length': Flags.integer({summary: 'Tokens of a pack [default: twice --max-length]', min: 1}),
    html: Flags.string({summary: 'Write a page with plots, which needs no other file', helpValue: 'FILE'}),
  }

  async run(): Promise<Measured> {
    const {flags} = this
    const files = [this.args.files].flat()
    const [{measure}, {demandOtherFiles, demandStdinOnce}] = await Promise.all([
      import('../../src/data/stats/stats.js'),
      import('../../src/rows/input-files.js'),
    ])
    demandStdinOnce(files)
    if (flags.html !== undefined) await demandOtherFiles([flags.html], files)
    const progress = await this.progress()
    const stats = await measure({
      files,
      limits: {
        maxLength: flags['max-length'],
        maxResponseLength: flags['max-response-length'],
        maxPackedLength: flags['max-packed-length'] ?? 2 * flags['max-length'],
      },
      ...(flags.tokenizer !== undefined && {
        tokenizer: await (await import('../../src/data/tokenizer-of.js')).tokenizerOf(flags.tokenizer),
      }),
      signal: this.signal,
      onProgress: ({rows, fraction}) => progress.update({done: rows, unit: 'rows', fraction}),
    })
    progress.stop()
    if (flags.html !== undefined) {
      const {statsPage, statsTemplate} = await import('../../src/data/stats/html-page.js')
      const {writeAtomically} = await import('../../src/system/files.js')
      const page = await statsPage(stats, await statsTemplate())
      await writeAtomically(flags.html, (file) => file.writeFile(page))
    }
    if (!this.jsonEnabled()) await writeOut((await import('../../src/cli/stats-view.js')).statsText(stats))
    if (stats.leftOut > 0 || stats.problems.length > 0) {
      const {leftOut, problems} = stats
      const places = problems
        .slice(0, 3)
        .map(
          ({file, line, pointer, message}) => `${line === 0 ? file : `${file}:${line}`}${pointer && ` ${pointer}`}: ${message}`,
        )
      const what = leftOut === 0 ? '' : `${leftOut} ${leftOut === 1 ? 'row was' : 'rows were'} left out, the first at `
      const more = problems.length > places.length ? '; …' : ''
      throw new PolarError('data', leftOut > 0 ? 'ROW_INVALID' : 'INPUT_MISSING', `${what}${places.join('; ')}${more}`, {
        suggestions: ['polar data validate names every one and how to mend it'],
        facts: {leftOut, problems},
        result: stats,
      })
    }
    return stats
  }
}

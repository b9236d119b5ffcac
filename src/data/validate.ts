import {createEncoder} from '../encoding/encoder.js'
import type {LoadedTokenizer} from '../encoding/tokenizer/tokenizer-traits.js'
import {PolarError} from '../errors.js'
import {demandDistinct, demandOtherFiles, demandStdinOnce} from '../rows/input-files.js'
import {writeAtomically} from '../system/files.js'
import type {Finding} from './finding.js'
import {jsonLinesFile} from './repair/json-lines-file.js'
import {createRepair, type Repair, type RepairReport} from './repair/repair.js'
import {RULES, type RuleCode} from './rules/index.js'
import type {TokenLimits} from './token-check.js'
import {checkFinetuneFile, type FileReport} from './validate-finetune.js'
import {checkScoreFile} from './validate-score.js'
import {createTrainingEncoder} from './xtuner/training-encoder.js'

export interface ValidateOptions {
  readonly files: readonly string[]
  readonly purpose: 'finetune' | 'score'
  readonly limits: TokenLimits
  /** With one, lengths, cuts and dropped pairs are counted exactly. */
  readonly tokenizer?: LoadedTokenizer
  /** Findings that are listed a file; all are counted. */
  readonly maxFindings: number
  /** File for a mended copy: `.jsonl` or `.parquet`. */
  readonly fix?: string
  /** File for one object a row: token counts, and whether packing drops the pair. Needs a tokenizer. */
  readonly rowsOut?: string
  /** Gets what was found where there is nothing to write to `fix`, before the error is thrown. */
  readonly onNothingLeft?: (report: ValidationReport) => Promise<void>
  readonly signal: AbortSignal
  readonly onProgress?: (state: {rows: number; fraction: number | undefined}) => void
}

/** What `polar data validate --json` prints. */
export interface ValidationReport {
  readonly files: readonly (Omit<FileReport, 'xtuner'> & {readonly xtuner?: FileReport['xtuner']})[]
  readonly counts: {
    readonly files: number
    readonly rows: number
    readonly errors: number
    readonly warnings: number
    readonly codes: Readonly<Partial<Record<RuleCode, number>>>
  }
  /** What the limits themselves break. */
  readonly limits?: readonly Finding[]
  readonly fix?: RepairReport
}

/**
 * Checks files of preference rows (or rows to score), and writes a mended copy where one is asked for.
 * @throws {PolarError} INPUT_MISSING; FLAG_INVALID and OUTPUT_IS_INPUT for outputs that cannot be; ROW_INVALID where no row is left to write
 */
export async function validate(options: ValidateOptions): Promise<ValidationReport> {
  const {fix, rowsOut, files} = options
  const outputs = {...(fix !== undefined && {'--fix': fix}), ...(rowsOut !== undefined && {'--rows-out': rowsOut})}
  demandStdinOnce(files)
  await demandOtherFiles(Object.values(outputs), files)
  await demandDistinct(outputs)
  if (rowsOut !== undefined && options.tokenizer === undefined) throw needs('--rows-out', '--tokenizer MODEL')
  if (fix !== undefined && options.purpose === 'score') throw needs('--fix', '--for finetune')
  if (rowsOut !== undefined && options.purpose === 'score') throw needs('--rows-out', '--for finetune')
  if (fix !== undefined && !/\.(jsonl|parquet)$/.test(fix)) {
    throw new PolarError('usage', 'FLAG_INVALID', `--fix ${fix}: the name must end with .jsonl or .parquet`, {
      suggestions: ['--fix mended.jsonl'],
    })
  }
  if (rowsOut === undefined) return withFix(options, undefined)
  return writeAtomically(rowsOut, async (file) => {
    let pending = ''
    const report = await withFix(options, async (row) => {
      pending += `${JSON.stringify(row)}\n`
      if (pending.length < 1 << 20) return
      await file.appendFile(pending)
      pending = ''
    })
    await file.appendFile(pending)
    return report
  })
}

type OnRow = (row: object) => Promise<void>

async function withFix(options: ValidateOptions, onRow: OnRow | undefined): Promise<ValidationReport> {
  const {fix} = options
  if (fix === undefined) return checkAll(options, onRow, undefined)
  return writeAtomically(fix, async (file) => {
    const rows = fix.endsWith('.parquet') ? (await import('./repair/parquet-file.js')).parquetFile(file) : jsonLinesFile(file)
    const repair = createRepair(fix, rows, options.maxFindings)
    const report = await checkAll(options, onRow, repair)
    const done = repair.report()
    if (done.written === 0) {
      await options.onNothingLeft?.(report)
      const were = done.leftOut === 0 ? '' : `: ${done.leftOut} ${done.leftOut === 1 ? 'was' : 'were'} left out`
      throw new PolarError('data', 'ROW_INVALID', `no row is left to write to ${fix}${were}`, {
        suggestions: ['mend the rows as each finding says', 'polar data validate --rules explains all findings'],
        facts: {...done},
        result: report,
      })
    }
    await rows.end()
    return {...report, fix: done}
  })
}

async function checkAll(
  options: ValidateOptions,
  onRow: OnRow | undefined,
  repair: Repair | undefined,
): Promise<ValidationReport> {
  const {files, purpose, limits, tokenizer, maxFindings, signal, onProgress} = options
  const reports: ValidationReport['files'][number][] = []
  let rowsBefore = 0
  for (const [index, file] of files.entries()) {
    if (purpose === 'score') {
      const encoder = tokenizer && createEncoder(tokenizer, limits)
      reports.push(await checkScoreFile(file, {maxFindings, signal, ...(encoder && {encoder})}))
      continue
    }
    const report = await checkFinetuneFile(file, {
      maxFindings,
      signal,
      ...(tokenizer && {
        tokens: {
          encode: createTrainingEncoder(tokenizer, limits),
          limits,
          special: [...tokenizer.specialTokens.keys()],
          ...(onRow && {onRow: (row) => onRow(files.length > 1 ? {file, ...row} : row)}),
        },
      }),
      ...(repair && {repair: repair.of(file)}),
      onProgress: ({rows, fraction}) =>
        onProgress?.({rows: rowsBefore + rows, fraction: fraction === undefined ? undefined : (index + fraction) / files.length}),
    })
    rowsBefore += report.rows
    reports.push(report)
  }
  const codes: Partial<Record<RuleCode, number>> = {}
  for (const {counts} of reports) {
    for (const code of codesOf(counts)) codes[code] = (codes[code] ?? 0) + (counts[code] ?? 0)
  }
  const sum = (key: 'rows' | 'errors' | 'warnings') => reports.reduce((total, report) => total + report[key], 0)
  const overLimits = purpose === 'finetune' ? checkLimits(limits) : []
  return {
    files: reports,
    counts: {files: files.length, rows: sum('rows'), errors: sum('errors'), warnings: sum('warnings') + overLimits.length, codes},
    ...(overLimits.length > 0 && {limits: overLimits}),
  }
}

function codesOf(counts: Readonly<Partial<Record<RuleCode, number>>>): RuleCode[] {
  return Object.keys(counts).filter((code): code is RuleCode => code in RULES)
}

function checkLimits({maxLength, maxResponseLength}: TokenLimits): Finding[] {
  if (2 * maxResponseLength + 4 < maxLength) return []
  const {severity, fix} = RULES.LIMITS_LEAVE_NO_ROOM
  const room = Math.floor((maxLength - 4 - 2 * maxResponseLength) / 2)
  const message = `with --max-length ${maxLength} and --max-response-length ${maxResponseLength} two full answers leave the prompt room for ${room} tokens`
  return [{line: 0, pointer: '', code: 'LIMITS_LEAVE_NO_ROOM', severity, message, fix}]
}

function needs(flag: string, other: string): PolarError {
  return new PolarError('usage', 'FLAG_INVALID', `${flag} needs ${other}`, {suggestions: [other]})
}

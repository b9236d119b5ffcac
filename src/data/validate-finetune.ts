import {createControlTokens} from './control-tokens.js'
import {createFindings, type Finding} from './finding.js'
import {openSource} from './json/byte-source.js'
import {createScanner} from './json/scan.js'
import {valuesOf, type StreamFacts, type StreamItem} from './json/value-stream.js'
import {createPairCheck} from './pair-check.js'
import type {RepairedFile} from './repair/repair.js'
import {contentNodes, listText, textAt} from './row-texts.js'
import type {RuleCode} from './rules/index.js'
import {checkRowShape} from './shape-check.js'
import {createTokenCheck, type RowTokens, type TokenLimits, type TokenTotals} from './token-check.js'
import {predictLoading, type Verdict} from './xtuner/load-prediction.js'
import {createRowNodes, findParts, type RowNodes} from './xtuner/row-shape.js'
import type {PairTexts, PairTokens} from './xtuner/training-encoder.js'
import {PolarError} from '../errors.js'
import {Kind, type Tape} from './json/tape.js'

export interface FinetuneCheckOptions {
  /** Findings that are kept; all are counted. */
  readonly maxFindings: number
  readonly signal: AbortSignal
  /** With these the rules about tokens are checked, too. */
  readonly tokens?: {
    readonly encode: (texts: PairTexts) => PairTokens
    readonly limits: TokenLimits
    /** Special tokens of the tokenizer. */
    readonly special: readonly string[]
    readonly onRow?: (row: RowTokens) => Promise<void> | void
  }
  /** Takes every row, to write a mended file of them. */
  readonly repair?: RepairedFile
  readonly onProgress?: (state: {rows: number; fraction: number | undefined}) => void
  /** Hears of every row that has texts. The tape is the scanner's: read it at once. */
  readonly onRow?: (row: CheckedRow) => void
  /** Hears of the line of every row that has none, and of everything in a row's place that is no JSON. */
  readonly onLeftOut?: (line: number) => void
}

/** A row that was checked. */
export interface CheckedRow {
  readonly texts: PairTexts
  readonly tokens: RowTokens | undefined
  readonly tape: Tape
  readonly bytes: Buffer
  readonly parts: RowNodes
}

/** What is known of one file. */
export interface FileReport {
  readonly file: string
  /** Rows as xtuner would count them, whether it can load them or not. */
  readonly rows: number
  /** What xtuner 0.2.0 does with the file as it is, with its JSON loader. */
  readonly xtuner: Verdict
  /** Why, where loading fails. */
  readonly why?: string
  readonly findings: readonly Finding[]
  /** How many findings there are of each code, also those that are not listed. */
  readonly counts: Readonly<Partial<Record<RuleCode, number>>>
  readonly errors: number
  readonly warnings: number
  /** With a tokenizer. */
  readonly tokens?: Readonly<TokenTotals>
}

/**
 * Checks one file of preference rows: what xtuner does with it, and whether each row is right. Reads it once, in bounded memory.
 * @throws {PolarError} INPUT_MISSING
 */
export async function checkFinetuneFile(file: string, options: FinetuneCheckOptions): Promise<FileReport> {
  const {signal, tokens, repair, onProgress, onRow, onLeftOut} = options
  const findings = createFindings(options.maxFindings)
  const source = await openSource(file)
  const scanner = createScanner()
  const prediction = predictLoading()
  const pairCheck = createPairCheck(findings, createControlTokens(tokens?.special))
  const tokenCheck = tokens && createTokenCheck(tokens.encode, tokens.limits, findings)
  const parts = createRowNodes()
  let rows = 0
  let facts: StreamFacts
  let damage: PolarError | undefined

  async function look(item: StreamItem): Promise<void> {
    const seen = prediction.see(item, scanner)
    if (item.type === 'error') {
      if (item.lost) onLeftOut?.(item.line)
      const code = item.isUtf8 ? 'JSON_INVALID' : 'NOT_UTF8'
      findings.add(code, item.line, '', errorMessage(item))
      if (item.lost) repair?.leaveOut(item.lost, code)
      else repair?.mendLayout(item.line, code)
      return
    }
    rows++
    const {tape} = scanner
    findParts(tape, parts)
    const shape = checkRowShape(item, scanner, parts, seen, findings)
    if (shape.hangs) prediction.hangs()
    for (const list of shape.emptyObjects) prediction.emptyObject(list)
    if (shape.hasTexts) {
      pairCheck.see(item, tape, parts)
      if (tokenCheck || onRow) {
        const texts = textsOf(tape, item.bytes, parts)
        const counted = tokenCheck?.see(texts, item.line, rows)
        if (counted) await tokens?.onRow?.(counted)
        onRow?.({texts, tokens: counted, tape, bytes: item.bytes, parts})
      }
    } else onLeftOut?.(item.line)
    await repair?.take(item, scanner, parts)
  }

  try {
    const values = valuesOf(source, scanner)
    let next = await values.next()
    let sinceBreath = 0
    for (; next.done !== true; next = await values.next()) {
      await look(next.value)
      sinceBreath += next.value.to - next.value.from
      if (sinceBreath < 1 << 20) continue
      sinceBreath = 0
      // Signals and the bar have their turn; a loop over bytes in memory never waits by itself.
      await new Promise(setImmediate)
      signal.throwIfAborted()
      const {read, total} = source.progress()
      onProgress?.({rows, fraction: total === undefined ? undefined : read / total})
    }
    facts = next.value
  } catch (error) {
    if (!(error instanceof PolarError) || error.code !== 'INPUT_MISSING') throw error
    damage = error
    findings.add('GZIP_DAMAGED', 0)
    facts = {bytes: 0, hasByteOrderMark: false, isArray: false, blankLines: 0}
  } finally {
    await source.close()
  }

  const end = prediction.end(facts)
  pairCheck.end()
  tokenCheck?.end()
  if (facts.hasByteOrderMark) repair?.mendLayout(1, 'BYTE_ORDER_MARK')
  if (facts.blankLines > 0) repair?.mendLayout(0, 'BLANK_LINES')
  if (facts.isArray) repair?.mendLayout(1, 'ARRAY_FILE')
  if (facts.hasByteOrderMark) findings.add('BYTE_ORDER_MARK', 1)
  if (facts.blankLines > 0)
    findings.add('BLANK_LINES', 0, '', `${facts.blankLines} blank ${facts.blankLines === 1 ? 'line' : 'lines'}`)
  if (facts.isArray) findings.add('ARRAY_FILE', 1)
  if (rows === 0 && damage === undefined && findings.errors === 0) findings.add('FILE_EMPTY', 0)
  if (end.columnsChangeLater !== undefined) findings.add('COLUMNS_CHANGE_LATER', end.columnsChangeLater)
  for (const column of end.dateColumns) findings.add('DATE_COLUMN', 0, `/${column}`, `every text in ${column} reads as a date`)
  const allDropped =
    tokenCheck !== undefined && tokenCheck.totals.rows > 0 && tokenCheck.totals.dropped === tokenCheck.totals.rows
  const why = damage ? 'the gzip data is damaged or cut short' : end.fault && `line ${end.fault.line}: ${end.fault.why}`
  const xtuner = end.verdict === 'ok' && allDropped ? 'stops' : end.verdict
  return {
    file,
    rows,
    xtuner,
    ...(why !== undefined && {why}),
    findings: findings.list(),
    counts: Object.fromEntries(findings.counts),
    errors: findings.errors,
    warnings: findings.warnings,
    ...(tokenCheck && {tokens: tokenCheck.totals}),
  }
}

function textsOf(tape: Tape, bytes: Buffer, parts: RowNodes): PairTexts {
  const text = (list: number) => listText(tape, bytes, contentNodes(tape, parts.lists[list] ?? 0))
  const wrapper =
    parts.wrapper !== -1 && tape.kind[parts.wrapper] === Kind.STRING ? textAt(tape, bytes, parts.wrapper) : undefined
  return {prompt: text(0), reference: text(1), chosen: text(2), rejected: text(3), wrapper}
}

function errorMessage({error, lost}: StreamItem): string {
  if (error === undefined) return ''
  const skipped = lost && lost.to > lost.from ? `; no row can be read in lines ${lost.from} to ${lost.to}` : ''
  return `not valid JSON at line ${error.line}, byte ${error.column} of it: ${error.message}${skipped}`
}

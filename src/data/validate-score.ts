import {stat} from 'node:fs/promises'
import type {Encoder} from '../encoding/encoder.js'
import {PolarError} from '../errors.js'
import {parseRow} from '../rows/parse-row.js'
import {place, type RawRow} from '../rows/raw-row.js'
import {checkReadable, readRows, STDIN} from '../rows/read-rows.js'
import {createControlTokens} from './control-tokens.js'
import {createFindings} from './finding.js'
import type {RuleCode} from './rules/index.js'
import type {FileReport} from './validate-finetune.js'

export interface ScoreCheckOptions {
  readonly maxFindings: number
  readonly signal: AbortSignal
  /** With one, control tokens that come alive are found as `polar score` finds them. */
  readonly encoder?: Encoder
}

/**
 * Checks one file of rows to score by the rules with which `polar score` reads them.
 * @throws {PolarError} INPUT_MISSING
 */
export async function checkScoreFile(
  file: string,
  {maxFindings, signal, encoder}: ScoreCheckOptions,
): Promise<Omit<FileReport, 'xtuner'>> {
  const findings = createFindings(maxFindings)
  const tokens = createControlTokens()
  let rows = 0
  const isEmpty = await isEmptyFile(file)
  if (!isEmpty) await checkReadable(file)
  try {
    if (isEmpty) findings.add('FILE_EMPTY', 0)
    else await look()
  } catch (error) {
    const code = codeOfFile(error)
    if (code === undefined) throw error
    findings.add(
      code,
      0,
      '',
      code === 'ROW_INVALID' && error instanceof PolarError ? withoutPlace(error.message, {file, line: 1}) : undefined,
    )
  }
  async function look(): Promise<void> {
    for await (const batch of readRows([file], {signal})) {
      for (const raw of batch) {
        signal.throwIfAborted()
        rows++
        try {
          const {prompt, reference, outputs, wrapper} = parseRow(raw)
          const texts = [prompt, reference, ...outputs].map((part) =>
            typeof part === 'string' ? part : part.map(({content}) => content).join('\n'),
          )
          const dead = [...new Set(texts.flatMap((text) => tokens.in(text)))]
          const alive = encoder
            ? outputs.flatMap((output) => encoder.encode({prompt, reference, output, wrapper}).strayControlTokens)
            : texts.flatMap((text) => tokens.aliveIn(text))
          if (alive.length > 0)
            findings.add('CONTROL_TOKEN_IN_TEXT', raw.line, '', `${[...new Set(alive)].join(', ')} comes alive in the text`)
          else if (dead.length > 0) findings.add('CONTROL_TOKEN', raw.line, '', `${dead.join(', ')} in the row`)
        } catch (error) {
          if (!(error instanceof PolarError)) throw error
          const pointer = typeof error.facts['pointer'] === 'string' ? error.facts['pointer'] : ''
          findings.add(
            isScoreCode(error.code) ? error.code : 'ROW_INVALID',
            raw.line,
            pointer,
            withoutPlace(error.message, raw, pointer),
          )
        }
      }
    }
  }
  return {
    file,
    rows,
    findings: findings.list(),
    counts: Object.fromEntries(findings.counts),
    errors: findings.errors,
    warnings: findings.warnings,
  }
}

/** What is wrong with a file as a whole, or undefined for an error that ends the check. */
function codeOfFile(error: unknown): RuleCode | undefined {
  if (!(error instanceof PolarError)) return undefined
  if (error.code === 'ROW_INVALID') return 'ROW_INVALID' // another format
  if (error.code !== 'INPUT_MISSING') return undefined
  if (error.cause === undefined) return 'FILE_EMPTY' // what is not there has been told before
  const {cause} = error
  return cause instanceof Error && 'code' in cause && String(cause.code).startsWith('Z_') ? 'GZIP_DAMAGED' : undefined
}

async function isEmptyFile(file: string): Promise<boolean> {
  if (file === STDIN) return false
  const facts = await stat(file).catch(() => undefined)
  return facts?.isFile() === true && facts.size === 0
}

/** A finding has its place beside it. */
function withoutPlace(message: string, row: Pick<RawRow, 'file' | 'line'>, pointer = ''): string {
  for (const start of [`${place(row)} ${pointer}: `, `${place(row)}: `, `${row.file}: `])
    if (message.startsWith(start)) return message.slice(start.length)
  return message
}

function isScoreCode(code: string): code is RuleCode & ('ROW_INVALID' | 'KEY_NOT_FOUND') {
  return code === 'ROW_INVALID' || code === 'KEY_NOT_FOUND'
}

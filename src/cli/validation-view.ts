import type {Finding} from '../data/finding.js'
import {RULES, type RuleCode} from '../data/rules/index.js'
import type {ValidationReport} from '../data/validate.js'
import {counted} from './counted.js'
import {printable} from './output.js'
import {table} from './table.js'

const number = new Intl.NumberFormat('en-US')

/** Findings and counts of a validation, as text. */
export function validationText(report: ValidationReport): string {
  const lines: string[] = []
  for (const file of report.files) {
    const name = printable(file.file)
    for (const finding of file.findings) lines.push(...findingLines(name, finding))
    const hidden = Object.values(file.counts).reduce((sum, count) => sum + count, 0) - file.findings.length
    if (hidden > 0) lines.push(`… and ${number.format(hidden)} more in ${name}: --max-findings N lists more`, '')
  }
  for (const finding of report.limits ?? []) lines.push(`limits  ${finding.code}: ${finding.message}`, `  ${finding.fix}`, '')
  const codes = Object.entries(report.counts.codes).toSorted(([, a], [, b]) => b - a)
  if (codes.length > 0) {
    const rows = codes.map(([code, count]) => [number.format(count), code, severityOf(code), effectOf(code)])
    lines.push(table([{title: 'count', align: 'right'}, {title: 'finding'}, {title: 'is'}, {title: 'what becomes of it'}], rows))
  }
  for (const file of report.files) {
    const verdict =
      file.xtuner === undefined
        ? ''
        : `, xtuner 0.2.0 ${verdictText(file.xtuner)}${file.why === undefined ? '' : ` (${printable(file.why)})`}`
    lines.push(
      `${printable(file.file)}: ${counted(file.rows, 'row')}, ${counted(file.errors, 'error')}, ${counted(file.warnings, 'warning')}${verdict}`,
    )
    if (file.tokens) {
      const {rows, tokens, cut, dropped, longest} = file.tokens
      lines.push(
        `  ${counted(tokens, 'token')} to train on in ${counted(rows, 'row')}; ${number.format(cut)} cut, ${number.format(dropped)} dropped, longest sequence ${number.format(longest)}`,
      )
    }
  }
  if (report.fix) {
    const {output, written, mended, leftOut} = report.fix
    lines.push(
      `${printable(output)}: ${counted(written, 'row')} written, ${number.format(mended)} of them mended, ${number.format(leftOut)} left out`,
    )
    for (const {file, line, toLine, action, codes} of report.fix.changes) {
      const where = line === 0 ? '' : `:${line}${toLine === undefined ? '' : `-${toLine}`}`
      lines.push(`  ${printable(file)}${where} ${action}: ${codes.join(', ')}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** The rules, for people. */
export function rulesText(): string {
  return Object.entries(RULES)
    .map(
      ([code, {severity, effect, what, why, fix, mended}]) =>
        `${code}  ${severity}, ${effect}\n  What: ${what}.\n  Why: ${why}.\n  Mend: ${fix}${mended ? '; --fix does it' : ''}.\n`,
    )
    .join('\n')
}

function findingLines(file: string, {line, pointer, code, severity, message, fix}: Finding): string[] {
  const where = line === 0 ? file : `${file}:${line}`
  return [
    `${where}${pointer === '' ? '' : ` ${printable(pointer)}`}  ${severity} ${code}: ${printable(message)}`,
    `  ${RULES[code].why}`,
    `  Mend: ${fix}`,
    '',
  ]
}

function severityOf(code: string): string {
  return isCode(code) ? RULES[code].severity : ''
}

function effectOf(code: string): string {
  return isCode(code) ? RULES[code].effect : ''
}

function isCode(code: string): code is RuleCode {
  return code in RULES
}

function verdictText(verdict: string): string {
  return verdict === 'ok' ? 'takes it as it is' : `${verdict} on it as it is`
}

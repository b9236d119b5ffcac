import {RULES, type RuleCode} from './rules/index.js'
import type {Severity} from './rules/rule.js'

/** One thing that a rule found in a file. */
export interface Finding {
  /** Line of the row's first byte, from 1; 0 for the file as a whole. In a JSON array the element's line. */
  readonly line: number
  /** JSON pointer into the row; empty for the row or the file. */
  readonly pointer: string
  readonly code: RuleCode
  readonly severity: Severity
  readonly message: string
  readonly fix: string
}

export interface Findings {
  /** Notes a finding; without `message` what the rule says. */
  add(code: RuleCode, line: number, pointer?: string, message?: string): void
  /** The first findings, of each code at least one, in the order of lines. */
  list(): readonly Finding[]
  /** How many there are of each code, kept or not. */
  readonly counts: ReadonlyMap<RuleCode, number>
  readonly errors: number
  readonly warnings: number
}

/** A list of findings that a million of them cannot fill: `most` are kept, and one more of every code that came too late. */
export function createFindings(most: number): Findings {
  const kept: Finding[] = []
  const counts = new Map<RuleCode, number>()
  const total = {error: 0, warning: 0}
  return {
    counts,
    get errors() {
      return total.error
    },
    get warnings() {
      return total.warning
    },
    add(code, line, pointer = '', message) {
      const rule = RULES[code]
      const count = counts.get(code) ?? 0
      counts.set(code, count + 1)
      total[rule.severity] += 1
      if (kept.length >= most && count > 0) return
      kept.push({line, pointer, code, severity: rule.severity, message: message ?? rule.what, fix: rule.fix})
    },
    list: () => kept.toSorted((a, b) => a.line - b.line),
  }
}

import {Interrupted, PolarError} from '../errors.js'
import {fileError} from '../system/file-errors.js'

/** An error as it is told to people and programs. */
export interface ErrorReport {
  readonly exitCode: number
  /** What was done all the same: stands beside `error` in `--json`. */
  readonly result: object
  /** The value of `error` in `--json`. */
  readonly json: {
    kind: string
    code: string
    message: string
    suggestions: readonly string[]
    facts: Readonly<Record<string, unknown>>
  }
}

/** Everything that can be thrown, as kind, code, words and exit code. What nobody foresaw is a bug of ours and exits with 1. */
export function describeError(thrown: unknown): ErrorReport {
  const error = fileError(thrown)
  if (error instanceof PolarError || error instanceof Interrupted) {
    const result = error instanceof PolarError ? error.result : {}
    return {exitCode: error.exitCode, result, json: error.toJSON()}
  }
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return {
    exitCode: 1,
    result: {},
    json: {
      kind: 'bug',
      code: 'BUG',
      message: `a bug in polar: ${words}`,
      suggestions: ['run the same command with POLAR_DEBUG=1 to see where, and please report it'],
      facts: {},
    },
  }
}

/** The lines for a person: one sentence, then what to try. */
export function errorText(report: ErrorReport, paint: (text: string) => string = (text) => text): string {
  const {message, suggestions, kind} = report.json
  const label = kind === 'interrupted' ? '' : `${paint('Error:')} `
  return [`${label}${message}`, ...suggestions.map((text, index) => `${index === 0 ? 'Try: ' : '     '}${text}`), ''].join('\n')
}

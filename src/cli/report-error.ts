import {Interrupted, PolarError} from '../errors.js'
import {fileError, isSystemError} from '../system/file-errors.js'
import {printable} from './output.js'

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
  const error = isSystemError(thrown) && thrown.syscall === 'uv_cwd' ? directoryGone(thrown) : fileError(thrown)
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

function directoryGone(cause: Error): PolarError {
  return new PolarError('environment', 'NOT_READABLE', 'the working directory is not there any more', {
    suggestions: ['cd ~'],
    cause,
  })
}

/** The lines for a person: one sentence, then what to try. */
export function errorText(report: ErrorReport, paint: (text: string) => string = (text) => text): string {
  const {message, suggestions, kind, code} = report.json
  const [label, end] = kind === 'interrupted' ? ['', ''] : [`${paint('Error:')} `, ` [${code}]`]
  return [
    `${label}${printable(message)}${end}`,
    ...suggestions.map((text, index) => `${index === 0 ? 'Try: ' : '     '}${text}`),
    '',
  ].join('\n')
}

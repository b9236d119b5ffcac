/** What went wrong, as the exit code tells it (see {@link EXIT_CODES}). */
export type ErrorKind = 'usage' | 'data' | 'environment' | 'engine' | 'reward' | 'training'

/** Exit code of each kind of error. 1 is a bug of ours; 130 and 143 follow SIGINT and SIGTERM. */
export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  usage: 2,
  data: 3,
  environment: 4,
  engine: 5,
  reward: 6,
  training: 7,
}

/** Every code that `polar` can answer with, under its kind. */
export interface ErrorCodes {
  usage:
    | 'FLAG_INVALID'
    | 'COMMAND_UNKNOWN'
    | 'CONFIG_INVALID'
    | 'BAD_URL'
    | 'OUTPUT_IS_INPUT'
    | 'OUTPUT_EXISTS'
    | 'CONFIRMATION_NEEDED'
  data:
    | 'ROW_INVALID'
    | 'KEY_NOT_FOUND'
    | 'CONTROL_TOKEN_IN_TEXT'
    | 'ROW_TOO_LONG'
    | 'REWARD_KEY_EXISTS'
    | 'INPUT_CHANGED'
    | 'INPUT_MISSING'
    | 'ROWS_FAILED'
  environment:
    | 'PROGRAM_NOT_FOUND'
    | 'PACKAGE_NOT_FOUND'
    | 'MODEL_NOT_FOUND'
    | 'MODEL_UNSUPPORTED'
    | 'OUT_OF_MEMORY'
    | 'DISK_FULL'
    | 'NOT_READABLE'
    | 'NOT_WRITABLE'
    | 'LOCKED'
  engine: 'ENGINE_EXITED' | 'ENGINE_FAILED'
  reward: 'REWARD_MALFORMED' | 'REWARD_SUSPECT' | 'ROWS_FAILED'
  training: 'TRAINING_FAILED'
}

/** What an error may carry beside its words. */
export interface ErrorDetails {
  /** What to do next, as a command where there is one. */
  readonly suggestions?: readonly string[]
  /** Data for `--json`: file, line, value, limits. Never a secret. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** What was done all the same; stands beside the error under `--json`. */
  readonly result?: object
  readonly cause?: unknown
}

/**
 * The one error that a user of `polar` can act on. `message` says what happened, with file, line and value;
 * anything else that is thrown is a bug of ours and exits with 1.
 */
export class PolarError<K extends ErrorKind = ErrorKind> extends Error {
  override readonly name = 'PolarError'
  readonly kind: K
  readonly code: ErrorCodes[K]
  readonly suggestions: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
  readonly result: object

  constructor(kind: K, code: ErrorCodes[K], message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : {cause: details.cause})
    this.kind = kind
    this.code = code
    this.suggestions = details.suggestions ?? []
    this.facts = details.facts ?? {}
    this.result = details.result ?? {}
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind]
  }

  toJSON(): {kind: K; code: string; message: string; suggestions: readonly string[]; facts: Readonly<Record<string, unknown>>} {
    return {kind: this.kind, code: this.code, message: this.message, suggestions: this.suggestions, facts: this.facts}
  }
}

/**
 * A job that was stopped and has put its work in order: what is thrown when an `AbortSignal` fires. `message` says how far it
 * came, `suggestions` how to go on. The program exits with 130 after SIGINT and 143 after SIGTERM.
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly signal: 'SIGINT' | 'SIGTERM'
  readonly suggestions: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>

  constructor(message: string, details: ErrorDetails & {signal?: 'SIGINT' | 'SIGTERM'} = {}) {
    super(message, details.cause === undefined ? undefined : {cause: details.cause})
    this.signal = details.signal ?? (details.cause instanceof Interrupted ? details.cause.signal : 'SIGINT')
    this.suggestions = details.suggestions ?? []
    this.facts = details.facts ?? {}
  }

  get exitCode(): number {
    return this.signal === 'SIGINT' ? 130 : 143
  }

  toJSON(): {kind: 'interrupted'; code: 'INTERRUPTED'} & Pick<Interrupted, 'message' | 'suggestions' | 'facts'> {
    return {kind: 'interrupted', code: 'INTERRUPTED', message: this.message, suggestions: this.suggestions, facts: this.facts}
  }
}

/** Whether `error` is what ends work because `signal` fired, and not a fault that came up meanwhile. */
export function isInterruption(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false
  return error === signal.reason || error instanceof Interrupted || (error instanceof Error && error.name === 'AbortError')
}

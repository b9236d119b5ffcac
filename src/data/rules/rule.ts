/** What becomes of a row or file that breaks a rule, under xtuner 0.2.0. */
type Effect = 'stops' | 'hangs' | 'crashes' | 'dropped' | 'cut' | 'trains wrongly' | 'wasteful' | 'untidy'

/** `error`: a row that means nothing to training, or a file without rows. `warning`: all else that deserves a look. */
export type Severity = 'error' | 'warning'

/** A rule of the validator, as data. */
export interface Rule {
  readonly severity: Severity
  readonly effect: Effect
  /** What it finds. */
  readonly what: string
  /** Why that matters. */
  readonly why: string
  /** How it is mended. */
  readonly fix: string
  /** Whether `--fix` mends it (else it leaves the row out, if it is an error). */
  readonly mended: boolean
}

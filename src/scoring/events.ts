import type {ModelIdentity} from '../reward-models/reward-model.js'
import type {ScoredRow} from './score-window.js'

/** What a scoring run tells while it goes. No journey prints: a command shows these. */
export type ScoreEvent =
  | {readonly type: 'start'; readonly bytesTotal: number | undefined; readonly resumed: boolean}
  | {readonly type: 'estimate'; readonly seconds: number; readonly tokensPerSecond: number}
  /** So many rows and `bytes` of `bytesTotal` are through. */
  | {readonly type: 'progress'; readonly rows: number; readonly bytes: number; readonly tokens: number; readonly failed: number}
  /** Rows in input order, where no output file was asked for. */
  | {readonly type: 'rows'; readonly rows: readonly ScoredRow[]}
  | {readonly type: 'failed'; readonly failures: readonly Failure[]}
  | {readonly type: 'notice' | 'warning'; readonly message: string}

/** A row that has no reward, and why. */
export interface Failure {
  readonly file: string
  readonly line: number
  /** Index in a group of candidates, where one of them is at fault. */
  readonly candidate?: number
  readonly kind: string
  readonly code: string
  readonly message: string
  /** What to do about it. */
  readonly suggestions: readonly string[]
}

/** What a run did; also the result of `polar score --json`. */
export interface ScoreSummary {
  /** Rows read. */
  readonly rows: number
  readonly scored: number
  readonly failed: number
  /** Rows in which the limits cut something. */
  readonly cut: number
  /** Rows whose rewards an earlier run had computed. */
  readonly reused: number
  readonly seconds: number
  /** Tokens that went through the model in this run. */
  readonly tokens: number
  readonly identity: ModelIdentity
  readonly output?: string
  readonly errors?: string
  /** True where every failure lies in the data, none in the model. */
  readonly onlyDataFailed: boolean
}

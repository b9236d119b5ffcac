import type {Readable} from 'node:stream'
import type {Encoder} from '../encoding/encoder.js'
import type {RewardModel} from '../reward-models/reward-model.js'
import type {RowKeys} from '../rows/parse-row.js'

/** What a scoring run is given. Everything that has a default may be left out. */
export interface ScoreOptions {
  /** JSONL files, JSON arrays (`.json`), both also gzipped; `-` is standard input. */
  readonly files: readonly string[]
  readonly encoder: Encoder
  /** The model, or how to load it: it is then loaded when input and output were found in order. */
  readonly model: RewardModel | (() => Promise<RewardModel>)
  /** Columns of the parts; `prompt`, `reference` and `output`. */
  readonly keys?: Partial<RowKeys>
  /** File of the results. Without it rows are handed out as events. */
  readonly output?: string
  /** Redo the output even where another run wrote it. */
  readonly overwrite?: boolean
  /** Score only the first so many rows. */
  readonly limit?: number
  /** Key of the reward in the result; `reward`. */
  readonly rewardKey?: string
  /** Write `{"file","line","reward"}` instead of the rows. */
  readonly rewardsOnly?: boolean
  /** Put the reward in the place of one that a row has already. */
  readonly replaceReward?: boolean
  /** Keep failed rows in the output, with an `error` and without a reward. */
  readonly keepFailed?: boolean
  /** Rows with live control tokens: `fail` (default) or `allow`. */
  readonly controlTokens?: 'fail' | 'allow'
  /** Rows over the limits: `cut` (default, as upstream) or `fail`. */
  readonly onTooLong?: 'cut' | 'fail'
  /** Refuse a run that would take longer than this many seconds, where the model can tell. */
  readonly maxSeconds?: number
  /** Stops the run after the batch in hand. */
  readonly signal?: AbortSignal
  /** Stands in for `process.stdin`. */
  readonly stdin?: Readable
}

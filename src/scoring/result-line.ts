import {isUtf8} from 'node:buffer'
import {isObject} from '../rows/key-path.js'
import type {RawRow} from '../rows/raw-row.js'
import {appendMember, spliceMember} from '../rows/splice.js'
import type {Failure} from './events.js'
import type {RowReward} from './score-window.js'

/** How a result is written. */
export interface ResultFormat {
  readonly rewardKey: string
  /** Only `{"file","line","reward"}`, not the row itself. */
  readonly rewardsOnly: boolean
  readonly replaceReward: boolean
  /** Failed rows stay among the results, with an `error` and no reward. */
  readonly keepFailed: boolean
}

/** One line of the result without its line end; undefined where a failed row is left out. */
export function resultLine(
  raw: RawRow,
  outcome: {reward: RowReward} | {failure: Failure},
  format: ResultFormat,
): Buffer | undefined {
  const {rewardKey, rewardsOnly, replaceReward, keepFailed} = format
  const {file, line} = raw
  if ('reward' in outcome) {
    const json = JSON.stringify(outcome.reward) // the shortest decimals that give the same doubles
    if (rewardsOnly) return Buffer.from(`${JSON.stringify({file, line}).slice(0, -1)},${JSON.stringify(rewardKey)}:${json}}`)
    return replaceReward ? spliceMember(raw.bytes, rewardKey, json) : appendMember(raw.bytes, rewardKey, json)
  }
  if (!keepFailed) return undefined
  const {code, message, candidate} = outcome.failure
  const error = {code, message, ...(candidate === undefined ? {} : {candidate})}
  if (rewardsOnly || !isJsonObject(raw)) return Buffer.from(JSON.stringify({file, line, error}))
  return spliceMember(raw.bytes, 'error', JSON.stringify(error), [rewardKey])
}

function isJsonObject(raw: RawRow): boolean {
  try {
    return raw.problem === undefined && isUtf8(raw.bytes) && isObject(JSON.parse(raw.bytes.toString('utf8')))
  } catch {
    return false
  }
}

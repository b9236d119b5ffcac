import type {EncodedInput} from '../encoding/encoded-input.js'
import type {Encoder} from '../encoding/encoder.js'
import {PolarError} from '../errors.js'
import {parseRow, type ParsedRow, type RowKeys} from '../rows/parse-row.js'
import {atPlace, place, type RawRow} from '../rows/raw-row.js'
import type {Failure} from './events.js'

/** How rows become inputs of a model, and which of them are refused. */
export interface RowPolicy {
  readonly keys: RowKeys
  readonly rewardKey: string
  readonly replaceReward: boolean
  /** `fail`: a row is refused whose text holds a live control token that POLAR's format did not put there. */
  readonly controlTokens: 'fail' | 'allow'
  /** `fail`: a row of which the limits would cut something is refused. */
  readonly onTooLong: 'cut' | 'fail'
}

/** A row that can be scored, or why not. */
export type EncodedRow =
  | {readonly raw: RawRow; readonly parsed: ParsedRow; readonly inputs: readonly EncodedInput[]; readonly failure?: undefined}
  | {readonly raw: RawRow; readonly parsed?: ParsedRow; readonly failure: Failure}

/** Parses and encodes one row. A row that is wrong is a result, not an exception: the others go on. */
export function encodeRow(raw: RawRow, encoder: Encoder, policy: RowPolicy): EncodedRow {
  let parsed: ParsedRow | undefined
  let candidate: number | undefined
  try {
    parsed = parseRow(raw, policy.keys)
    if (!policy.replaceReward && Object.hasOwn(parsed.value, policy.rewardKey)) throw rewardKeyExists(raw, policy.rewardKey)
    const inputs: EncodedInput[] = []
    for (const [i, output] of parsed.outputs.entries()) {
      candidate = parsed.isGroup ? i : undefined
      const {prompt, reference, wrapper} = parsed
      const input = encoder.encode({prompt, reference, output, wrapper})
      if (policy.controlTokens === 'fail' && input.strayControlTokens.length > 0)
        throw controlToken(raw, input.strayControlTokens, candidate)
      if (policy.onTooLong === 'fail' && input.cut.length > 0) throw tooLong(raw, input.cut, candidate)
      inputs.push(input)
    }
    return {raw, parsed, inputs}
  } catch (error) {
    if (!(error instanceof PolarError)) throw error
    const failure = toFailure(raw, error, candidate)
    return parsed === undefined ? {raw, failure} : {raw, parsed, failure}
  }
}

/** The record of a failed row, as it stands in `OUT.errors.jsonl`. */
export function toFailure(raw: RawRow, error: PolarError, candidate?: number): Failure {
  const {kind, code, suggestions} = error
  const message = atPlace(raw, error.message)
  return {
    file: raw.file,
    line: raw.line,
    ...(candidate !== undefined && {candidate}),
    kind,
    code,
    message,
    suggestions: [...suggestions],
  }
}

function rewardKeyExists(raw: RawRow, key: string): PolarError {
  return new PolarError('data', 'REWARD_KEY_EXISTS', `${place(raw)}: the row has a key "${key}" already`, {
    suggestions: ['--replace-reward to put the new one in its place', '--reward-key NAME to write under another key'],
  })
}

function controlToken(raw: RawRow, tokens: readonly string[], candidate: number | undefined): PolarError {
  const message = `${candidatePlace(raw, candidate)} the text would bring ${tokens.join(', ')} into the format alive`
  return new PolarError('data', 'CONTROL_TOKEN_IN_TEXT', message, {
    suggestions: ['take it out of the text', '--control-tokens allow to score it as upstream does'],
  })
}

function tooLong(raw: RawRow, cut: readonly string[], candidate: number | undefined): PolarError {
  const message = `${candidatePlace(raw, candidate)} ${cut.join(' and ')} over the length limit`
  return new PolarError('data', 'ROW_TOO_LONG', message, {
    suggestions: ['--on-too-long cut to score what fits', '--max-length and --max-response-length set the limits'],
  })
}

function candidatePlace(raw: RawRow, candidate: number | undefined): string {
  return candidate === undefined ? `${place(raw)}:` : `${place(raw)}: candidate ${candidate}:`
}

import {createHash} from 'node:crypto'
import type {Findings} from './finding.js'
import type {PairTexts, PairTokens, TrainingLimits} from './xtuner/training-encoder.js'

/** Token counts of one row, with the keys of the recorded fixtures (fixtures/xtuner/README.md §3). */
export interface RowTokens {
  readonly row: number
  readonly chosen_tokens: number
  readonly rejected_tokens: number
  readonly prompt: number
  readonly reference: number
  readonly chosen: number
  readonly rejected: number
  readonly prompt_cut: number
  readonly reference_cut: number
  readonly chosen_cut: number
  readonly rejected_cut: number
  readonly ids_sha256: string
  /** Whether packing drops the pair. */
  readonly dropped: boolean
}

export interface TokenLimits extends TrainingLimits {
  readonly maxPackedLength: number
}

export interface TokenTotals {
  rows: number
  /** Tokens of all sequences that are trained on. */
  tokens: number
  cut: number
  dropped: number
  equalAfterCut: number
  noRoom: number
  longest: number
}

export interface TokenCheck {
  see(texts: PairTexts, line: number, row: number): RowTokens
  end(): void
  readonly totals: Readonly<TokenTotals>
}

/** The rules that need token counts. */
export function createTokenCheck(encode: (texts: PairTexts) => PairTokens, limits: TokenLimits, findings: Findings): TokenCheck {
  const totals: TokenTotals = {rows: 0, tokens: 0, cut: 0, dropped: 0, equalAfterCut: 0, noRoom: 0, longest: 0}
  return {
    totals,
    see(texts, line, row) {
      const pair = encode(texts)
      const [chosen, rejected] = [pair.chosenIds.join(','), pair.rejectedIds.join(',')]
      const length = pair.chosenIds.length + pair.rejectedIds.length
      const dropped = length > limits.maxPackedLength
      const cuts = {prompt: pair.promptCut, reference: pair.referenceCut, chosen: pair.chosenCut, rejected: pair.rejectedCut}
      const cut = Object.entries(cuts).filter(([, count]) => count > 0)
      totals.rows++
      totals.tokens += dropped ? 0 : length
      totals.longest = Math.max(totals.longest, pair.chosenIds.length, pair.rejectedIds.length)
      if (dropped) {
        totals.dropped++
        findings.add('PAIR_DROPPED', line, '', `the pair has ${length} tokens, a pack holds ${limits.maxPackedLength}`)
      }
      if (cut.length > 0) {
        totals.cut++
        const what = cut.map(([name, count]) => `${name} by ${count}`).join(', ')
        findings.add('ROW_CUT', line, `/${cut[0]?.[0] ?? ''}`, `tokens are cut: ${what}`)
      }
      if (cut.length > 0 && chosen === rejected && texts.chosen !== texts.rejected) {
        totals.equalAfterCut++
        findings.add('PAIR_EQUAL_AFTER_CUT', line, '/rejected')
      }
      if (pair.room < 1) {
        totals.noRoom++
        findings.add('NO_ROOM_FOR_PROMPT', line, '/prompt', `the answers leave the prompt room for ${pair.room} tokens`)
      }
      return {
        row,
        chosen_tokens: pair.chosenIds.length,
        rejected_tokens: pair.rejectedIds.length,
        prompt: pair.prompt,
        reference: pair.reference,
        chosen: pair.chosen,
        rejected: pair.rejected,
        prompt_cut: pair.promptCut,
        reference_cut: pair.referenceCut,
        chosen_cut: pair.chosenCut,
        rejected_cut: pair.rejectedCut,
        ids_sha256: createHash('sha256').update(`${chosen};${rejected}`).digest('hex').slice(0, 16),
        dropped,
      }
    },
    end() {
      if (totals.rows > 0 && totals.dropped === totals.rows) findings.add('ALL_DROPPED', 0)
    },
  }
}

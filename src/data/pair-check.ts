import type {ControlTokens} from './control-tokens.js'
import type {Findings} from './finding.js'
import type {StreamItem} from './json/value-stream.js'
import type {Tape} from './json/tape.js'
import {createPairIndex} from './pair-index.js'
import {canonicalBytes, contentNodes, listText} from './row-texts.js'
import {scriptOf} from './script.js'
import type {RowNodes} from './xtuner/row-shape.js'

const NAMES = ['prompt', 'reference', 'chosen', 'rejected'] as const
/** From this share of pairs on one side is nearly always the longer. */
const BIAS = 0.8
const LEAST_PAIRS = 50

export interface PairCheck {
  /** Looks at a row whose shape is sound. */
  see(item: StreamItem, tape: Tape, parts: RowNodes): void
  end(): void
  /** Lines that a pair reversed another one, a duplicate and so on come from {@link Findings}. */
  readonly pairs: number
}

/** The rules about pairs that need no tokenizer. */
export function createPairCheck(findings: Findings, tokens: ControlTokens): PairCheck {
  const index = createPairIndex()
  let pairs = 0
  let sameAsReference = 0
  let firstSame = 0
  let chosenLonger = 0
  let rejectedLonger = 0

  return {
    get pairs() {
      return pairs
    },
    see(item, tape, parts) {
      const {bytes, line} = item
      pairs++
      const contents = Array.from(parts.lists, (node) => contentNodes(tape, node))
      const texts = contents.map((nodes) => canonicalBytes(tape, bytes, nodes))
      const [prompt = EMPTY, reference = EMPTY, chosen = EMPTY, rejected = EMPTY] = texts

      if (prompt.length === 0) findings.add('EMPTY_PROMPT', line, '/prompt')
      for (const [i, text] of [reference, chosen, rejected].entries()) {
        if (text.length === 0)
          findings.add('EMPTY_ANSWER', line, `/${NAMES[i + 1] ?? ''}`, `the ${NAMES[i + 1] ?? ''} answer is empty`)
      }
      if (chosen.equals(rejected)) findings.add('PAIR_IDENTICAL', line, '/rejected')
      else {
        const earlier = index.add(prompt, chosen, rejected, line)
        if (earlier?.relation === 'duplicate')
          findings.add('PAIR_DUPLICATE', line, '', `the same prompt and answers as in line ${earlier.line}`)
        if (earlier?.relation === 'reversed')
          findings.add('PAIR_REVERSED', line, '', `the pair of line ${earlier.line} with chosen and rejected exchanged`)
      }
      if (reference.equals(chosen)) {
        sameAsReference++
        if (firstSame === 0) firstSame = line
      }
      if (chosen.length > rejected.length) chosenLonger++
      else if (chosen.length < rejected.length) rejectedLonger++

      const script = scriptOf(prompt)
      if (script !== undefined) {
        for (const [i, text] of [chosen, rejected].entries()) {
          const other = scriptOf(text)
          if (other === undefined || other === script) continue
          const name = NAMES[i + 2] ?? ''
          findings.add('OTHER_SCRIPT', line, `/${name}`, `the prompt is in ${script} letters, the ${name} answer in ${other}`)
        }
      }
      if (tokens.mayBeIn(bytes.subarray(item.from, item.to))) {
        for (const [i, nodes] of contents.entries()) checkTokens(line, NAMES[i] ?? '', listText(tape, bytes, nodes))
      }
    },
    end() {
      const percent = (count: number) => `${Math.round((count / pairs) * 100)} %`
      if (pairs > 0 && sameAsReference * 2 > pairs) {
        findings.add(
          'REFERENCE_IS_CHOSEN',
          firstSame,
          '/reference',
          `reference and chosen are the same text in ${sameAsReference} of ${pairs} rows`,
        )
      }
      if (pairs < LEAST_PAIRS) return
      if (chosenLonger >= pairs * BIAS)
        findings.add('LENGTH_BIAS', 0, '', `chosen is the longer answer in ${percent(chosenLonger)} of the pairs`)
      if (rejectedLonger >= pairs * BIAS)
        findings.add('LENGTH_BIAS', 0, '', `rejected is the longer answer in ${percent(rejectedLonger)} of the pairs`)
    },
  }

  function checkTokens(line: number, name: string, text: string): void {
    const found = tokens.in(text)
    if (found.length === 0) return
    const alive = tokens.aliveIn(text)
    if (alive.length > 0) findings.add('CONTROL_TOKEN_LIVE', line, `/${name}`, `${alive.join(', ')} comes alive in the ${name}`)
    else findings.add('CONTROL_TOKEN', line, `/${name}`, `${found.join(', ')} in the ${name}`)
  }
}

const EMPTY = Buffer.alloc(0)

import type {Encoder} from '../encoding/encoder.js'
import {PolarError} from '../errors.js'
import {parseRow} from '../rows/parse-row.js'
import {readRows} from '../rows/read-rows.js'
import {createControlTokens} from './control-tokens.js'
import {createFindings} from './finding.js'
import type {RuleCode} from './rules/index.js'
import type {FileReport} from './validate-finetune.js'

export interface ScoreCheckOptions {
  readonly maxFindings: number
  readonly signal: AbortSignal
  /** With one, control tokens that come alive are found as `polar score` finds them. */
  readonly encoder?: Encoder
}

/**
 * Checks one file of rows to score by the rules with which `polar score` reads them.
 * @throws {PolarError} INPUT_MISSING
 */
export async function checkScoreFile(
  file: string,
  {maxFindings, signal, encoder}: ScoreCheckOptions,
): Promise<Omit<FileReport, 'xtuner'>> {
  const findings = createFindings(maxFindings)
  const tokens = createControlTokens()
  let rows = 0
  for await (const batch of readRows([file], {signal})) {
    for (const raw of batch) {
      signal.throwIfAborted()
      rows++
      try {
        const {prompt, reference, outputs, wrapper} = parseRow(raw)
        const texts = [prompt, reference, ...outputs].map((part) =>
          typeof part === 'string' ? part : part.map(({content}) => content).join('\n'),
        )
        const dead = [...new Set(texts.flatMap((text) => tokens.in(text)))]
        const alive = encoder
          ? outputs.flatMap((output) => encoder.encode({prompt, reference, output, wrapper}).strayControlTokens)
          : texts.flatMap((text) => tokens.aliveIn(text))
        if (alive.length > 0)
          findings.add('CONTROL_TOKEN_IN_TEXT', raw.line, '', `${[...new Set(alive)].join(', ')} comes alive in the text`)
        else if (dead.length > 0) findings.add('CONTROL_TOKEN', raw.line, '', `${dead.join(', ')} in the row`)
      } catch (error) {
        if (!(error instanceof PolarError)) throw error
        const pointer = typeof error.facts['pointer'] === 'string' ? error.facts['pointer'] : ''
        findings.add(isScoreCode(error.code) ? error.code : 'ROW_INVALID', raw.line, pointer, error.message)
      }
    }
  }
  return {
    file,
    rows,
    findings: findings.list(),
    counts: Object.fromEntries(findings.counts),
    errors: findings.errors,
    warnings: findings.warnings,
  }
}

function isScoreCode(code: string): code is RuleCode & ('ROW_INVALID' | 'KEY_NOT_FOUND') {
  return code === 'ROW_INVALID' || code === 'KEY_NOT_FOUND'
}

import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {createTrainingEncoder} from '../../../src/data/xtuner/training-encoder.js'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import {readJsonLines} from '../../fixtures/json-lines.js'
import {sharedFixtures} from '../../fixtures/shared.js'

interface Message {
  readonly content: string
}

interface TrainingRow {
  readonly id: number
  readonly row: Record<'prompt' | 'reference' | 'chosen' | 'rejected', Message[]> & {wrapper?: unknown}
  readonly options: {readonly max_length: number; readonly max_response_length: number}
  readonly chosen_ids: number[]
  readonly rejected_ids: number[]
}

const textOf = (messages: readonly Message[]) => messages.map(({content}) => content).join('\n')

// Recorded from xtuner 0.2.0's tokenize_ref: fixtures/reference/README.md §2.
describe.skipIf(sharedFixtures === undefined)('training.jsonl', () => {
  const reference = join(sharedFixtures ?? '', 'fixtures/reference')

  test('every row has the ids that xtuner trains on', async () => {
    const tokenizer = await loadTokenizer(join(reference, 'tokenizer'))
    const rows = readJsonLines<TrainingRow>(join(reference, 'training.jsonl'))
    expect(rows).toHaveLength(300)
    for (const {id, row, options, chosen_ids, rejected_ids} of rows) {
      const encode = createTrainingEncoder(tokenizer, {
        maxLength: options.max_length,
        maxResponseLength: options.max_response_length,
      })
      const pair = encode({
        prompt: textOf(row.prompt),
        reference: textOf(row.reference),
        chosen: textOf(row.chosen),
        rejected: textOf(row.rejected),
        wrapper: row.wrapper,
      })
      expect(pair.chosenIds, `row ${id}, chosen`).toEqual(chosen_ids)
      expect(pair.rejectedIds, `row ${id}, rejected`).toEqual(rejected_ids)
    }
  })
})

import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {planRuns, planWindow, type BatchLimits} from '../../../src/reward-models/onnx/batching.js'
import {commonPrefix, groupByPrefix} from '../../../src/reward-models/onnx/shared-prefix.js'

const LIMITS: BatchLimits = {batchTokens: 300, runTokens: 100, sharePrefix: true, standsAlone: (tokens) => tokens > 150}

/** Texts of few different beginnings, so that prefixes do meet. */
const texts = fc.array(
  fc
    .record({start: fc.integer({min: 0, max: 3}), length: fc.integer({min: 1, max: 200}), end: fc.integer({min: 0, max: 5})})
    .map(({start, length, end}) => Int32Array.from({length}, (_, i) => (i < length * 0.8 ? i + start : -end))),
  {maxLength: 40},
)

const sorted = (lists: readonly (readonly number[])[]): number[] => lists.flat().toSorted((a, b) => a - b)
const everyIndex = (list: readonly unknown[]): number[] => [...list.keys()]

describe('plans of any texts', () => {
  test('runs hold every text once, within their limits', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (ids, sharePrefix) => {
        const runs = planRuns(ids, {...LIMITS, sharePrefix})
        expect(sorted(runs.map(({members}) => members))).toEqual(everyIndex(ids))
        for (const {prefix, members} of runs) {
          const lengths = members.map((member) => ids[member]?.length ?? 0)
          const padded = Math.max(...lengths) * members.length
          if (members.length > 1) {
            expect(padded).toBeLessThanOrEqual(LIMITS.runTokens)
            expect(padded * 0.9).toBeLessThanOrEqual(lengths.reduce((sum, length) => sum + length, 0) + 1e-9)
            expect(prefix).toBe(0)
          }
          if (!sharePrefix || Math.max(...lengths) > 150)
            expect({prefix, count: members.length}).toEqual({prefix: 0, count: prefix ? 0 : members.length})
          expect(prefix).toBeLessThan(Math.min(...lengths))
        }
        expect(planRuns(ids, {...LIMITS, sharePrefix})).toEqual(runs)
      }),
    )
  })

  test('batches hold every text once, and end at their limit', () => {
    fc.assert(
      fc.property(texts, (ids) => {
        const {batches, prefixes} = planWindow(ids, LIMITS)
        expect(sorted(batches)).toEqual(everyIndex(ids))
        for (const batch of batches) {
          // A prefix is counted with the first text behind it.
          const seen = new Set<string>()
          let tokens = 0
          for (const index of batch) {
            const text = ids[index] ?? new Int32Array()
            const prefix = prefixes[index] ?? 0
            const key = text.subarray(0, prefix).join()
            tokens += text.length - (seen.has(key) ? prefix : 0)
            seen.add(key)
          }
          if (batch.length > 1) expect(tokens).toBeLessThanOrEqual(LIMITS.batchTokens + Math.max(...prefixes))
        }
        // What a window has planned for a text holds in the plan of its batch.
        const [first = []] = batches
        const alone = planRuns(
          first.map((index) => ids[index] ?? new Int32Array()),
          LIMITS,
          first.map((index) => prefixes[index] ?? 0),
        )
        for (const {prefix, members} of alone) {
          for (const member of members) expect(prefix).toBe(prefixes[first[member] ?? -1])
        }
      }),
    )
  })

  test('a group has its prefix in common and leaves each member a token', () => {
    fc.assert(
      fc.property(texts, (ids) => {
        const groups = groupByPrefix(ids)
        expect(sorted(groups.map(({members}) => members))).toEqual(everyIndex(ids))
        for (const {prefix, members} of groups) {
          const [first = new Int32Array()] = members.map((member) => ids[member] ?? new Int32Array())
          for (const member of members) {
            expect(ids[member]?.length).toBeGreaterThan(prefix)
            expect(ids[member]?.subarray(0, prefix)).toEqual(first.subarray(0, prefix))
          }
        }
      }),
    )
  })
})

test('best of sixteen: one group for each prompt, though the prompts begin alike', () => {
  const candidate = (prompt: number, answer: number): Int32Array =>
    Int32Array.from({length: 200}, (_, i) => (i < 40 ? i : i < 120 ? prompt : answer))
  const ids = Array.from({length: 32}, (_, i) => candidate(1000 + (i % 2), 2000 + i))
  const groups = groupByPrefix(ids).filter(({prefix}) => prefix > 0)
  expect(groups.map(({prefix, members}) => ({prefix, members}))).toEqual([
    {prefix: 120, members: Array.from({length: 16}, (_, i) => 2 * i)},
    {prefix: 120, members: Array.from({length: 16}, (_, i) => 2 * i + 1)},
  ])
})

test('texts of a group follow each other, in batches that share its prefix', () => {
  const ids = Array.from({length: 6}, (_, i) => Int32Array.from({length: 120}, (_, at) => (at < 100 ? 7 : i)))
  const {batches, prefixes} = planWindow(ids, {...LIMITS, batchTokens: 160})
  expect(batches).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ])
  expect(prefixes).toEqual([100, 100, 100, 100, 100, 100])
})

test.each([
  [[1, 2, 3], [1, 2, 4], 2],
  [[1, 2, 3], [1, 2, 3], 2],
  [[1], [1], 0],
  [[], [1], 0],
  [[1, 2], [1, 2, 3], 1],
])('%j and %j have %i tokens in common', (a, b, length) => {
  expect(commonPrefix(Int32Array.from(a), Int32Array.from(b))).toBe(length)
})

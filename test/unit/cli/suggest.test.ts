import {describe, expect, test} from 'vitest'
import {closest, closestCommand, editDistance} from '../../../src/cli/suggest.js'

test.each([
  ['', '', 0],
  ['plan', 'plan', 0],
  ['plna', 'plan', 1],
  ['encdoe', 'encode', 1],
  ['modle', 'model', 1],
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
])('editDistance(%j, %j) is %i', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance)
  expect(editDistance(b, a)).toBe(distance)
})

test.each([
  ['scroe', ['score', 'serve', 'verify'], 'score'],
  ['SCORE', ['score'], 'score'],
  ['sc', ['score'], undefined],
  ['xyzzy', ['score', 'serve'], undefined],
  ['x', [], undefined],
])('closest(%j, %j) is %j', (typed, candidates, found) => expect(closest(typed, candidates)).toBe(found))

describe('closestCommand', () => {
  const commands = ['score', 'serve', 'data encode', 'data validate', 'finetune', 'finetune plan', 'finetune train', 'env create']
  test.each([
    [['finetune', 'plna'], 'finetune plan'],
    [['finetune', 'plna', 'rows.jsonl'], 'finetune plan'],
    [['fintune', 'plan'], 'finetune plan'],
    [['data', 'encdoe'], 'data encode'],
    [['scroe', 'rows.jsonl'], 'score'],
    [['encode', 'rows.jsonl'], 'data encode'],
    [['validat'], 'data validate'],
    [['frobnicate'], undefined],
    [[], undefined],
  ])('%j is meant to be %j', (words, meant) => expect(closestCommand(words, commands)).toBe(meant))
})

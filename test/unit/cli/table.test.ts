import fc from 'fast-check'
import stringWidth from 'string-width'
import {describe, expect, test} from 'vitest'
import {table, truncate} from '../../../src/cli/table.js'

const columns = [{title: 'reward', align: 'right'}, {title: 'output', flexible: true}, {title: 'label'}] as const

test('columns line up, also where a character takes two', () => {
  const rows = [
    ['-1.5', '北京', 'same'],
    ['12.25', 'Shanghai', 'wrong'],
    ['0', '👍🏽 ok', ''],
  ]
  expect(table(columns, rows)).toBe(
    ['reward  output    label', '  -1.5  北京      same', ' 12.25  Shanghai  wrong', '     0  👍🏽 ok', ''].join('\n'),
  )
})

test('a flexible column gives way, the others stay', () => {
  const text = table(columns, [['1', 'a very long answer that does not fit at all', 'same']], {width: 32})
  expect(text.split('\n')[1]).toBe('     1  a very long answ…  same')
})

test('a narrow terminal still shows something of each column', () => {
  expect(table(columns, [['1', 'a very long answer', 'same']], {width: 5}).split('\n')[1]).toBe('     1  a very …  same')
})

test('two flexible columns share what is too much', () => {
  const text = table(
    [
      {title: 'a', flexible: true},
      {title: 'b', flexible: true},
    ],
    [['x'.repeat(30), 'y'.repeat(12)]],
    {width: 22},
  )
  expect(text.split('\n')[1]).toBe('xxxxxxxxx…  yyyyyyyyy…')
})

test('very many rows and a very long cell are no matter', () => {
  const rows = Array.from({length: 300_000}, (_, index) => [String(index), 'an answer', ''])
  rows[7] = ['7', `${' '.repeat(100)}北京 is the ${'answer '.repeat(600_000)}`, '']
  const lines = table(columns, rows, {width: 40}).split('\n')
  expect(lines).toHaveLength(300_002)
  expect(lines[8]).toBe('     7   北京 is the answer answ…')
  expect(lines.at(-2)).toBe('299999  an answer')
})

test('a cell that is too long for every look says so', () => {
  expect(table([{title: 't'}], [['\n'.repeat(100_000)]], {width: 20})).toBe('t\n …\n')
})

test('line breaks and what would steer a terminal do not come through', () => {
  const text = table([{title: 't'}], [['a\nb\tc\u001B[31md\u202Ee']])
  expect(text).toBe('t\na b c�[31md�e\n')
})

test('only titles are painted', () => {
  expect(table([{title: 't'}], [['x']], {paintTitle: (title) => `<${title}>`})).toBe('<t>\nx\n')
})

describe('truncate', () => {
  test.each([
    ['北京上海', 8, '北京上海'],
    ['北京上海', 7, '北京上…'],
    ['北京上海', 6, '北京…'],
    ['👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3, '👩‍👩‍👧‍👦…'],
    ['abc', 1, '…'],
    ['', 0, ''],
  ])('%j in %i is %j', (text, width, kept) => expect(truncate(text, width)).toBe(kept))

  test('never takes more room than there is', () => {
    fc.assert(
      fc.property(fc.string({unit: 'grapheme', maxLength: 30}), fc.integer({min: 1, max: 40}), (text, width) => {
        expect(stringWidth(truncate(text, width))).toBeLessThanOrEqual(width)
      }),
    )
  })
})

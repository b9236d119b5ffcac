import {PassThrough} from 'node:stream'
import {describe, expect, test} from 'vitest'
import {createProgress} from '../../../src/cli/progress.js'
import {progressText} from '../../../src/cli/progress-text.js'

/** A stream that remembers what was written to it. */
function fakeStream(isTTY: boolean) {
  const written: string[] = []
  const stream = Object.assign(new PassThrough(), {isTTY, columns: 100, rows: 40})
  stream.write = (chunk: unknown) => written.push(String(chunk)) > 0
  // cli-progress steers the cursor of a terminal through Node's own functions.
  for (const name of ['clearLine', 'cursorTo', 'moveCursor', 'clearScreenDown', 'getWindowSize', 'hasColors', 'getColorDepth']) {
    Object.assign(stream, {[name]: () => true})
  }
  return {stream: stream as unknown as NodeJS.WriteStream, written}
}

describe('progressText', () => {
  test.each([
    ['counts alone', {done: 1200, unit: 'rows'}, '1,200 rows'],
    ['a total', {done: 100, total: 400, unit: 'rows', tokens: 5000}, '100 of 400 rows, 500 tokens/s, 30 s left'],
    ['a share that is known otherwise', {done: 7, unit: 'rows', fraction: 0.5}, '7 rows, 10 s left'],
    ['the end', {done: 400, total: 400, unit: 'rows'}, '400 of 400 rows, 0 s left'],
  ])('%s', (_, state, text) => expect(progressText(state, {done: 0, unit: 'rows'}, 10)).toBe(text))

  test('what an earlier run had done counts for neither rate nor time left', () => {
    const start = {done: 300, total: 400, unit: 'rows', tokens: 9000}
    expect(progressText({...start, done: 350, tokens: 9100}, start, 10)).toBe('350 of 400 rows, 10 tokens/s, 10 s left')
  })
})

describe('without a terminal', () => {
  test('there is a line every ten seconds', () => {
    const {stream, written} = fakeStream(false)
    let now = 5000
    const progress = createProgress({stream, now: () => now})
    for (const [at, done] of [
      [5000, 0],
      [14_999, 10],
      [15_000, 20],
      [24_000, 30],
      [26_000, 40],
    ] as const) {
      now = at
      progress.update({done, total: 80, unit: 'rows'})
    }
    progress.note('a note')
    progress.stop()
    expect(written).toEqual(['20 of 80 rows, 30 s left\n', '40 of 80 rows, 21 s left\n', 'a note\n'])
  })

  test('where another thing is counted, rates and the time left begin anew', () => {
    const {stream, written} = fakeStream(false)
    let now = 0
    const progress = createProgress({stream, now: () => now, interval: 1000})
    for (const [at, state] of [
      [0, {done: 0, total: 100, unit: '%'}],
      [60_000, {done: 100, total: 100, unit: '%'}],
      [61_000, {done: 0, total: 10, unit: 'rows', tokens: 0}],
      [62_000, {done: 1, total: 10, unit: 'rows', tokens: 50}],
    ] as const) {
      now = at
      progress.update(state)
    }
    expect(written.slice(-2)).toEqual(['0 of 10 rows\n', '1 of 10 rows, 50 tokens/s, 9 s left\n'])
  })

  test('there is nothing but notes under --quiet', () => {
    const {stream, written} = fakeStream(true)
    let now = 0
    const progress = createProgress({stream, quiet: true, now: () => (now += 60_000)})
    progress.update({done: 1, total: 2, unit: 'rows'})
    progress.update({done: 2, total: 2, unit: 'rows'})
    progress.note('a note')
    progress.stop()
    expect(written).toEqual(['a note\n'])
  })
})

test('on a terminal there is a bar, which goes away', () => {
  const {stream, written} = fakeStream(true)
  const progress = createProgress({stream, now: () => 0})
  progress.update({done: 1, total: 4, unit: 'rows'})
  progress.note('a note')
  progress.stop()
  progress.stop()
  expect(written.join('')).toContain('██████░░░░░░░░░░░░░░░░░░ 25 %  1 of 4 rows')
  expect(written).toContain('\r\u001B[Ka note\n')
})

test('on a terminal, too, a new count begins anew', () => {
  const {stream, written} = fakeStream(true)
  let now = 0
  const progress = createProgress({stream, now: () => now})
  progress.update({done: 0, total: 100, unit: '%'})
  progress.stop()
  now = 60_000
  progress.update({done: 0, total: 4, unit: 'rows'})
  now = 61_000
  progress.update({done: 1, total: 4, unit: 'rows'})
  progress.stop()
  expect(written.join('')).toContain('1 of 4 rows, 3 s left')
})

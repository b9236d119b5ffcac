import {describe, expect, test} from 'vitest'
import {describeError, errorText} from '../../../src/cli/report-error.js'
import {EXIT_CODES, Interrupted, PolarError, type ErrorKind} from '../../../src/errors.js'

/** What Node throws for `code`. */
function systemError(code: string, path?: string): Error {
  return Object.assign(new Error(`${code}: it failed`), {code, ...(path === undefined ? {} : {path})})
}

describe('exit codes', () => {
  const errors: Record<Exclude<ErrorKind, 'training'>, PolarError> = {
    usage: new PolarError('usage', 'FLAG_INVALID', 'm'),
    data: new PolarError('data', 'ROW_INVALID', 'm'),
    environment: new PolarError('environment', 'LOCKED', 'm'),
    engine: new PolarError('engine', 'ENGINE_EXITED', 'm'),
    reward: new PolarError('reward', 'ROWS_FAILED', 'm'),
  }
  test.each(Object.entries(errors))('%s', (kind, error) => {
    expect(describeError(error)).toMatchObject({exitCode: error.exitCode, json: {kind, code: error.code, message: 'm'}})
  })
  test('are those of the design', () => {
    expect(EXIT_CODES).toEqual({usage: 2, data: 3, environment: 4, engine: 5, reward: 6, training: 7})
  })
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s', (signal, exitCode) => {
    const told = describeError(new Interrupted('stopped after 3 rows', {signal, suggestions: ['polar score again']}))
    expect(told).toMatchObject({exitCode, json: {kind: 'interrupted', code: 'INTERRUPTED', suggestions: ['polar score again']}})
    expect(errorText(told)).toBe('stopped after 3 rows\nTry: polar score again\n')
  })
  test('an interruption that another one caused has its signal', () => {
    const cause = new Interrupted('x', {signal: 'SIGTERM'})
    expect(new Interrupted('y', {cause}).exitCode).toBe(143)
  })
})

describe('errors of the file system that nobody caught', () => {
  test.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EACCES', 'NOT_WRITABLE'],
    ['EROFS', 'NOT_WRITABLE'],
    ['EISDIR', 'NOT_WRITABLE'],
  ])('%s is %s', (errno, code) => {
    const {exitCode, json} = describeError(systemError(errno, '/some/where'))
    expect({exitCode, code: json.code, facts: json.facts}).toEqual({exitCode: 4, code, facts: {file: '/some/where', errno}})
    expect(json.message).toContain('/some/where')
    expect(json.suggestions).not.toEqual([])
  })
})

test.each([
  [new TypeError('x is undefined'), 'TypeError: x is undefined'],
  ['a string', 'a string'],
  [systemError('ECONNRESET'), 'ECONNRESET'],
])('%j is a bug of ours, without a stack', (thrown, words) => {
  const told = describeError(thrown)
  expect(told).toMatchObject({exitCode: 1, json: {kind: 'bug', code: 'BUG'}})
  const text = errorText(told)
  expect(text).toContain(words)
  expect(text).toContain('POLAR_DEBUG=1')
  expect(text).not.toContain('    at ')
})

test('every suggestion has its line', () => {
  const error = new PolarError('engine', 'ENGINE_EXITED', 'vllm stopped', {suggestions: ['polar doctor', 'polar score']})
  expect(errorText(describeError(error), (text) => `<${text}>`)).toBe(
    '<Error:> vllm stopped [ENGINE_EXITED]\nTry: polar doctor\n     polar score\n',
  )
})

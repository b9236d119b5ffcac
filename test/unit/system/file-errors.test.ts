import {expect, test} from 'vitest'
import {PolarError} from '../../../src/errors.js'
import {fileError, hasCode} from '../../../src/system/file-errors.js'

const missing = Object.assign(new Error('no'), {code: 'ENOENT', path: '/gone/out.tmp'})

test('a missing folder is a place that cannot be written to, where the writer names the file', () => {
  expect(fileError(missing, 'out.jsonl')).toMatchObject({code: 'NOT_WRITABLE', message: expect.stringContaining('out.jsonl')})
  expect(fileError(missing)).toBe(missing)
})

test('a failed read is not called a failed write', () => {
  expect(fileError(missing, 'polar.yaml', 'read')).toMatchObject({
    code: 'NOT_READABLE',
    message: expect.stringMatching(/no such file/),
  })
  const folder = Object.assign(new Error('no'), {code: 'EISDIR', syscall: 'read'})
  expect(fileError(folder, 'polar.yaml')).toMatchObject({
    code: 'NOT_READABLE',
    message: 'polar.yaml could not be read: it is a folder',
    facts: {file: 'polar.yaml', errno: 'EISDIR'},
  })
})

test('hasCode asks for one system error', () => {
  expect(hasCode(missing, 'ENOENT')).toBe(true)
  expect(hasCode(missing, 'EACCES')).toBe(false)
  expect(hasCode({code: 'ENOENT'}, 'ENOENT')).toBe(false)
})

test('what is not about files comes back as it is', () => {
  const known = new PolarError('data', 'ROW_INVALID', 'm')
  for (const error of [known, new Error('x'), 'text', undefined, Object.assign(new Error('x'), {code: 'ERR_INVALID_ARG'})]) {
    expect(fileError(error, 'out.jsonl')).toBe(error)
  }
})

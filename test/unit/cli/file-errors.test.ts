import {expect, test} from 'vitest'
import {PolarError} from '../../../src/errors.js'
import {fileError} from '../../../src/system/file-errors.js'

const missing = Object.assign(new Error('no'), {code: 'ENOENT', path: '/gone/out.tmp'})

test('a missing folder is a place that cannot be written to, where the writer names the file', () => {
  expect(fileError(missing, 'out.jsonl')).toMatchObject({code: 'NOT_WRITABLE', message: expect.stringContaining('out.jsonl')})
  expect(fileError(missing)).toBe(missing)
})

test('what is not about files comes back as it is', () => {
  const known = new PolarError('data', 'ROW_INVALID', 'm')
  for (const error of [known, new Error('x'), 'text', undefined, Object.assign(new Error('x'), {code: 'ERR_INVALID_ARG'})]) {
    expect(fileError(error, 'out.jsonl')).toBe(error)
  }
})

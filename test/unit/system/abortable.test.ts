import {expect, test} from 'vitest'
import {Interrupted} from '../../../src/errors.js'
import {abortable} from '../../../src/system/abortable.js'

test('abortable lets an await end though its promise does not', async () => {
  const controller = new AbortController()
  const waiting = abortable(new Promise(() => {}), controller.signal)
  controller.abort(new Interrupted('now'))
  await expect(waiting).rejects.toThrow('now')
  await expect(abortable(Promise.resolve(1), controller.signal)).rejects.toThrow('now')
  const calm = new AbortController()
  expect(await abortable(Promise.resolve(1), calm.signal)).toBe(1)
})

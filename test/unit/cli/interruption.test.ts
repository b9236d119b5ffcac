import {EventEmitter} from 'node:events'
import {expect, test} from 'vitest'
import {watchForInterruption} from '../../../src/cli/interruption.js'
import {Interrupted} from '../../../src/errors.js'

class FakeProcess extends EventEmitter {
  readonly pid = 17
  readonly kills: [number, string, number][] = []
  kill(pid: number, name: string): void {
    this.kills.push([pid, name, this.listenerCount(name)]) // with no listener left the system's own handling ends the process
  }
}

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('the first %s aborts, the second leaves at once (a shell sees %i)', (name, code) => {
  const source = new FakeProcess()
  const told: string[] = []
  const watch = watchForInterruption(
    (signal) => told.push(signal),
    () => told.push('leave'),
    source,
  )
  expect(watch.received()).toBeUndefined()
  source.emit(name)
  expect(watch.signal.aborted).toBe(true)
  expect(watch.signal.reason).toBeInstanceOf(Interrupted)
  expect(watch.signal.reason).toMatchObject({signal: name, exitCode: code})
  expect(watch.received()).toBe(name)
  expect(source.kills).toEqual([])
  source.emit(name)
  expect(source.kills).toEqual([[17, name, 0]])
  expect(told).toEqual([name, 'leave'])
})

test('the code is that of the last signal', () => {
  const source = new FakeProcess()
  watchForInterruption(
    () => {},
    () => {},
    source,
  )
  source.emit('SIGTERM')
  source.emit('SIGINT')
  expect(source.kills).toEqual([[17, 'SIGINT', 0]])
})

test('the end gives the signals back', () => {
  const source = new FakeProcess()
  watchForInterruption(
    () => {},
    () => {},
    source,
  ).end()
  expect(source.listenerCount('SIGINT') + source.listenerCount('SIGTERM')).toBe(0)
})

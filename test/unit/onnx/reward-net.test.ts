import {expect, test} from 'vitest'
import {modelConfig} from '../../../src/reward-models/onnx/config.js'
import {rewardNet} from '../../../src/reward-models/onnx/reward-net.js'
import type {OnnxSession} from '../../../src/reward-models/onnx/session.js'
import {smallCheckpoint} from '../../fixtures/small-checkpoint.js'

const config = modelConfig(smallCheckpoint().config, 'config.json')

/** A session whose `failAt`-th computation throws, and the caches that it holds. */
function failingSession(failAt: number): {session: OnnxSession; held: Set<number>} {
  const held = new Set<number>()
  let computed = 0
  const compute = (): number => {
    if (++computed === failAt) throw new Error('no more')
    return computed
  }
  const session: OnnxSession = {
    version: '1',
    outputNames: ['reward', 'present_key_0', 'present_value_0'],
    async run() {
      compute()
      return new Map([['reward', {data: Float32Array.of(1), shape: [1, 1]}]])
    },
    async keep() {
      const cache = compute()
      held.add(cache)
      return {cache}
    },
    async drop({cache}) {
      held.delete(cache)
    },
    async close() {},
  }
  return {session, held}
}

// 1,600 tokens go through in four pieces.
const text = new Int32Array(1600)

test.each([1, 2, 3, 4])('where computation %d of a long text fails, no keys and values stay behind', async (failAt) => {
  const {session, held} = failingSession(failAt)
  await expect(rewardNet(config, session).rewards([text])).rejects.toThrow('no more')
  expect(held.size).toBe(0)
})

test.each([1, 2, 3, 4])('where computation %d of a long prefix fails, neither', async (failAt) => {
  const {session, held} = failingSession(failAt)
  await expect(rewardNet(config, session).prefix(text)).rejects.toThrow('no more')
  expect(held.size).toBe(0)
})

test('a prefix stays until it is released, whatever comes behind it', async () => {
  const {session, held} = failingSession(7)
  const net = rewardNet(config, session)
  const prefix = await net.prefix(text)
  expect(held).toEqual(new Set([prefix.cache.cache]))
  await expect(net.rewards([text], prefix)).rejects.toThrow('no more')
  expect(held).toEqual(new Set([prefix.cache.cache]))
  await net.release(prefix)
  expect(held.size).toBe(0)
})

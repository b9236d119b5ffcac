import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {expect, test} from 'vitest'
import {openSession, type OnnxSession} from '../../../src/reward-models/onnx/session.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

/** A session of a runtime whose `run` and `release` do what these lines say. */
async function sessionOf(run: string, release = ''): Promise<OnnxSession> {
  const folder = await temporaryFolder()
  const runtime = join(folder, 'runtime.cjs')
  const session = `{outputNames: ['reward'], async run() { ${run} }, async release() { ${release} }}`
  await writeFile(
    runtime,
    `module.exports = {env: {versions: {common: '1'}}, InferenceSession: {create: async () => (${session})}}`,
  )
  return openSession(new Uint8Array(), {folder, threads: 1, runtime})
}

const ask = async (session: OnnxSession): Promise<unknown> => session.run(new Map(), ['reward'])

const NEVER = 'await new Promise(() => {})'

test.each([
  ['ends', `process.exit(3); ${NEVER}`, 'ENGINE_EXITED', 'the thread of ONNX Runtime ended with code 3'],
  [
    'throws',
    `setImmediate(() => { throw new Error('lost') }); ${NEVER}`,
    'ENGINE_EXITED',
    'the thread of ONNX Runtime ended with an error: lost',
  ],
  [
    'has no memory left',
    `setImmediate(() => { throw new Error('JS heap out of memory') }); ${NEVER}`,
    'OUT_OF_MEMORY',
    'memory ran out while ONNX Runtime was at work',
  ],
])(
  'a thread that %s in a run: what waits rejects, what is asked later too, and it can be closed',
  async (_, run, code, message) => {
    const session = await sessionOf(run)
    const [first, second] = await Promise.allSettled([ask(session), ask(session)])
    expect(first).toMatchObject({status: 'rejected', reason: {code, message}})
    expect(second).toMatchObject({status: 'rejected', reason: {code}})
    await wait(20) // its exit is long over
    await expect(ask(session)).rejects.toMatchObject({code})
    await session.close()
    await session.close()
  },
)

test('a thread that ends while it is closed is closed', async () => {
  const session = await sessionOf('', 'process.exit(3)')
  await expect(session.close()).resolves.toBeUndefined()
})

test('closed, it says so to whoever asks, at once and later', async () => {
  const session = await sessionOf('return {}')
  await ask(session)
  const closing = session.close()
  await expect(ask(session)).rejects.toMatchObject({code: 'ENGINE_EXITED', message: 'the model is closed'})
  await closing
  await wait(20)
  await expect(ask(session)).rejects.toMatchObject({code: 'ENGINE_EXITED', message: 'the model is closed'})
})

test('an error of the runtime names the work', async () => {
  const session = await sessionOf(`throw new Error('odd shape')`, `throw new Error('still in use')`)
  await expect(ask(session)).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    message: 'ONNX Runtime failed while computing rewards: odd shape',
  })
  await expect(session.close()).rejects.toMatchObject({
    code: 'ENGINE_FAILED',
    message: 'ONNX Runtime failed while closing the model: still in use',
  })
})

test('a runtime that cannot be loaded', async () => {
  const folder = await temporaryFolder()
  const opening = openSession(new Uint8Array(), {folder, threads: 1, runtime: join(folder, 'none.cjs')})
  await expect(opening).rejects.toMatchObject({code: 'PACKAGE_NOT_FOUND'})
})

import {mkdir, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {POLAR_NANO, resolveModel} from '../../../src/models/resolve.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

test('a directory, a file in it, and what is not there', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'config.json')
  await writeFile(file, '{}')
  expect(await resolveModel(folder)).toEqual({name: folder, directory: folder, isPlaceholder: false})
  await expect(resolveModel(file)).rejects.toMatchObject({code: 'MODEL_NOT_FOUND', suggestions: [`--model ${folder}`]})
  await expect(resolveModel(join(folder, 'none'))).rejects.toMatchObject({code: 'MODEL_NOT_FOUND'})
  await expect(resolveModel(join(file, 'none'))).rejects.toMatchObject({code: 'MODEL_NOT_FOUND'})
})

test('what cannot be looked at is told as that, not as absent', async () => {
  const loop = join(await temporaryFolder(), 'loop')
  await symlink('loop', loop)
  await expect(resolveModel(loop)).rejects.toMatchObject({code: 'NOT_READABLE', message: expect.stringContaining('leads back')})
  const name = join(await temporaryFolder(), 'x'.repeat(300))
  await expect(resolveModel(name)).rejects.toMatchObject({code: 'NOT_READABLE', message: expect.stringContaining('too long')})
})

test("the snapshot that main names in Hugging Face's cache", async () => {
  const folder = await temporaryFolder()
  const model = join(folder, 'models--some--model')
  await mkdir(join(model, 'refs'), {recursive: true})
  await mkdir(join(model, 'snapshots', 'abc'), {recursive: true})
  await expect(resolveModel('some/model', {HF_HUB_CACHE: folder})).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
    suggestions: ['hf download some/model', '--model DIRECTORY'],
  })
  await writeFile(join(model, 'refs', 'main'), 'abc\n')
  expect(await resolveModel('some/model', {HF_HUB_CACHE: folder})).toMatchObject({directory: join(model, 'snapshots', 'abc')})
})

test('the stand-in says that it is one', async () => {
  expect(await resolveModel(POLAR_NANO)).toMatchObject({name: POLAR_NANO, isPlaceholder: true})
})

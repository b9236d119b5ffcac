import {readFile, writeFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {loadRewardModel} from '../../../src/reward-models/onnx/load.js'
import {PLACEHOLDER_NOTICE} from '../../../src/reward-models/placeholder.js'
import {smallCheckpoint, writeSmallCheckpoint} from '../../fixtures/small-checkpoint.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

/** What a model with this config says of itself; its tokenizer gives the token of rewards the id 7. */
async function said(config: Record<string, unknown>): Promise<{notices: readonly string[]; placeholder: boolean | undefined}> {
  const directory = await writeSmallCheckpoint(await temporaryFolder(), smallCheckpoint(config))
  const settings = {added_tokens_decoder: {7: {content: '[UNUSED_TOKEN_130]', special: true}}}
  await writeFile(join(directory, 'tokenizer_config.json'), JSON.stringify(settings))
  const model = await loadRewardModel(directory, {dtype: 'f32', threads: 1})
  await model.close()
  return {notices: model.notices, placeholder: model.identity.placeholder}
}

test('a sound model says nothing', async () => {
  expect(await said({reward_token_id: 7})).toEqual({notices: [], placeholder: undefined})
  expect(await said({})).toEqual({notices: [], placeholder: undefined})
})

test('the stand-in says that it is one, however it was named', async () => {
  expect(await said({polar_placeholder: true})).toEqual({notices: [PLACEHOLDER_NOTICE], placeholder: true})
  const config: unknown = JSON.parse(
    await readFile(createRequire(import.meta.url).resolve('../../../models/polar-nano/config.json'), 'utf8'),
  )
  expect(config).toMatchObject({polar_placeholder: true})
})

test('a tokenizer that seems to be of another checkpoint is told', async () => {
  expect((await said({reward_token_id: 92_527})).notices).toEqual([
    "config.json says reward_token_id 92527, the tokenizer gives [UNUSED_TOKEN_130] the id 7: is this tokenizer the checkpoint's own?",
  ])
})

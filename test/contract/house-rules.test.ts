import {spawnSync} from 'node:child_process'
import {cp, mkdir, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {expect, test} from 'vitest'
import {temporaryFolder} from '../fixtures/temporary-folder.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A file of the house, and what it would like to import. */
type Wish = readonly [file: string, path: string]

const refused: Wish[] = [
  ['src/rows/a.ts', '../scoring/score.js'],
  ['src/rows/b.ts', '../encoding/encoder.js'],
  ['src/encoding/tokenizer/a.ts', '../../reward-models/pool.js'],
  ['src/reward-models/onnx/a.ts', '../../models/resolve.js'],
  ['src/system/a.ts', '../rows/row.js'],
  ['src/errors.ts', './system/files.js'],
  ['src/scoring/a.ts', '../cli/table.js'],
  ['src/index.ts', './cli/main.js'],
  ['src/cli/a.ts', '../../commands/score.js'],
  ['src/rows/c.ts', '@oclif/core'],
  ['src/scoring/b.ts', 'yaml'],
  ['src/cli/b.ts', 'yaml'],
  ['src/cli/c.ts', 'execa'],
  ['src/system/b.ts', 'execa'],
  ['commands/a.ts', 'onnxruntime-node'],
]

const granted: Wish[] = [
  ['src/scoring/c.ts', '../rows/row.js'],
  ['src/reward-models/onnx/b.ts', '../../errors.js'],
  ['src/cli/config-settings.ts', 'yaml'],
  ['src/cli/progress.ts', 'cli-progress'],
  ['src/cli/d.ts', '../scoring/score.js'],
  ['src/system/process.ts', 'execa'],
  ['commands/data/a.ts', '@oclif/core'],
  ['commands/data/b.ts', '../../src/cli/command.js'],
]

/** Lints a house of nothing but wishes; gives the files whose imports were refused, once for each import. */
async function refusals(wishes: readonly Wish[]): Promise<string[]> {
  const house = await temporaryFolder()
  await cp(join(root, 'oxlint.config.mjs'), join(house, 'oxlint.config.mjs'))
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'))
  for (const [file, path] of wishes) {
    await mkdir(dirname(join(house, file)), {recursive: true})
    await writeFile(
      join(house, file),
      `import * as now from '${path}'\nexport {now}\nexport const later = () => import('${path}')\n`,
    )
  }
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const {stdout} = spawnSync(process.execPath, [oxlint, '-c', 'oxlint.config.mjs', '-f', 'unix', 'src', 'commands'], {
    cwd: house,
    encoding: 'utf8',
  })
  return stdout.split('\n').flatMap((line) => (line.includes('no-restricted-imports') ? [line.split(':')[0] ?? ''] : []))
}

test('the linter keeps imports going down and packages with their owners, static and dynamic', async () => {
  const expected = refused.flatMap(([file]) => [file, file])
  expect((await refusals([...refused, ...granted])).toSorted()).toEqual(expected.toSorted())
})

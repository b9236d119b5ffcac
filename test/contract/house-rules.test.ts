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

/** A folder with our linter's rules and nothing to lint. */
async function emptyHouse(): Promise<string> {
  const house = await temporaryFolder()
  for (const file of ['oxlint.config.mjs', 'tsconfig.json']) await cp(join(root, file), join(house, file))
  await symlink(join(root, 'node_modules'), join(house, 'node_modules'))
  return house
}

function lint(house: string, ...argv: string[]): string[] {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const all = [oxlint, '-c', 'oxlint.config.mjs', '-f', 'unix', ...argv]
  return spawnSync(process.execPath, all, {cwd: house, encoding: 'utf8'}).stdout.split('\n')
}

/** Lints a house of nothing but wishes; gives the files whose imports were refused, once for each import. */
async function refusals(wishes: readonly Wish[]): Promise<string[]> {
  const house = await emptyHouse()
  for (const [file, path] of wishes) {
    await mkdir(dirname(join(house, file)), {recursive: true})
    await writeFile(
      join(house, file),
      `import * as now from '${path}'\nexport {now}\nexport const later = () => import('${path}')\n`,
    )
  }
  return lint(house, 'src', 'commands').flatMap((line) =>
    line.includes('no-restricted-imports') ? [line.split(':')[0] ?? ''] : [],
  )
}

test('the linter sees a promise that nobody waits for', async () => {
  const house = await emptyHouse()
  await mkdir(join(house, 'src'))
  await writeFile(
    join(house, 'src/a.ts'),
    `const later = async (): Promise<void> => {}
export function now(): void {
  later()
  void later()
  ;[1].forEach(later)
}
`,
  )
  const lines = lint(house, '--type-aware', 'src')
  const found = lines.flatMap((line) => /a\.ts:(\d+):.*(no-\w+-promises)/.exec(line)?.slice(1, 3).join(' ') ?? [])
  expect(found).toEqual(['3 no-floating-promises', '5 no-misused-promises'])
})

test('the linter keeps imports going down and packages with their owners, static and dynamic', async () => {
  const expected = refused.flatMap(([file]) => [file, file])
  expect((await refusals([...refused, ...granted])).toSorted()).toEqual(expected.toSorted())
})

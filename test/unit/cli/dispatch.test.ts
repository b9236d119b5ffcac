import {mkdir, readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {expect, test} from 'vitest'
import {dispatch} from '../../../src/cli/dispatch.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))

/** A program whose `finetune` is a command and a topic, and writes the arguments that it was run with to a file. */
async function program(): Promise<{root: string; argvFile: string}> {
  const root = await temporaryFolder()
  const argvFile = join(root, 'argv.json')
  const oclif = {bin: 'polar', commands: './commands', topicSeparator: ' ', topics: {finetune: {description: 'Train'}}}
  await writeFile(join(root, 'package.json'), JSON.stringify({name: 'polar-rm', version: '1.0.0', type: 'module', oclif}))
  await mkdir(join(root, 'commands'))
  await symlink(modules, join(root, 'node_modules'))
  const source = `import {writeFileSync} from 'node:fs'
    import {Command} from '@oclif/core'
    export default class Any extends Command {
      static strict = false
      async run() {
        const {argv} = await this.parse()
        writeFileSync(${JSON.stringify(argvFile)}, JSON.stringify([this.id, ...argv]))
      }
    }`
  await writeFile(join(root, 'commands/any.js'), source)
  const shared = {
    aliases: [],
    hiddenAliases: [],
    args: {},
    flags: {},
    strict: false,
    pluginName: 'polar-rm',
    pluginAlias: 'polar-rm',
  }
  const command = (id: string) => ({...shared, id, pluginType: 'core', isESM: true, relativePath: ['commands', 'any.js']})
  const ids = ['finetune', 'finetune:plan', 'finetune:train', 'score']
  await writeFile(
    join(root, 'oclif.manifest.json'),
    JSON.stringify({version: '1.0.0', commands: Object.fromEntries(ids.map((id) => [id, command(id)]))}),
  )
  return {root, argvFile}
}

test.each([
  [['finetune', 'plna'], 'finetune plan'],
  [['finetune', 'plna', 'train.jsonl', '--dry-run'], 'finetune plan'],
  [['fintune', 'trian'], 'finetune train'],
  [['plan', 'train.jsonl'], 'finetune plan'],
  [['socre'], 'score'],
])('%j is not run but asked about', async (argv, meant) => {
  const {root} = await program()
  await expect(dispatch(argv, root)).rejects.toMatchObject({code: 'COMMAND_UNKNOWN', facts: {meant}})
})

test('the command that goes on is the typed one, mended', async () => {
  const {root} = await program()
  await expect(dispatch(['finetune', 'plna', 'my rows.jsonl', '--dry-run'], root)).rejects.toMatchObject({
    suggestions: ["polar finetune plan 'my rows.jsonl' --dry-run", 'polar finetune --help'],
  })
})

test.each([
  [
    ['finetune', 'rows.jsonl'],
    ['finetune', 'rows.jsonl'],
  ],
  [
    ['finetune', 'plan', 'x'],
    ['finetune:plan', 'x'],
  ],
  [
    ['score', 'help'],
    ['score', 'help'],
  ],
])('%j runs', async (argv, ran) => {
  const {root, argvFile} = await program()
  await dispatch(argv, root)
  expect(JSON.parse(await readFile(argvFile, 'utf8'))).toEqual(ran)
})

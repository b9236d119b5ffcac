import {existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {Config, type Interfaces} from '@oclif/core'
import {PolarError} from '../errors.js'
import {shellCommand} from '../system/shell-command.js'
import {beforeDashes} from './argv.js'
import {QuickHelp} from './help.js'
import {closest, closestCommand, didYouMean} from './suggest.js'

/** Finds the command that a line names and runs it, or shows help. `root` is the folder of package.json and the manifest. */
export async function dispatch(argv: readonly string[], root: string): Promise<void> {
  const pjson: Interfaces.PJSON = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const config = await Config.load({root, pjson})
  const {line, help} = splitHelp(argv)
  const words = leadingWords(line)
  const id = longestId(words, config)
  const depth = id === '' ? 0 : id.split(':').length
  const command = config.findCommand(id)
  const next = words[depth]
  if (next !== undefined && (command === undefined || isMistypedSubcommand(id, next, config)))
    throw unknownCommand(config, words, line)
  const [stray] = line.slice(depth)
  if (command === undefined && stray !== undefined && !help) throw strayFlag(stray)
  if (command === undefined || help) {
    await new QuickHelp(config, {maxWidth: 120}).showHelp(id === '' ? [] : [id])
    return
  }
  await config.runCommand(id, line.slice(depth), command)
}

/** The line without its request for help: `help score`, `score --help` and `score -h` are the same. */
function splitHelp(argv: readonly string[]): {line: string[]; help: boolean} {
  if (argv[0] === 'help') return {line: argv.slice(1), help: true}
  const ours = beforeDashes(argv)
  const kept = ours.filter((token) => token !== '--help' && token !== '-h')
  return {line: [...kept, ...argv.slice(ours.length)], help: kept.length < ours.length}
}

function leadingWords(line: readonly string[]): readonly string[] {
  const end = line.findIndex((token) => token.startsWith('-'))
  return end === -1 ? line : line.slice(0, end)
}

function longestId(words: readonly string[], config: Config): string {
  for (let length = words.length; length > 0; length--) {
    const id = words.slice(0, length).join(':')
    if (config.findCommand(id) !== undefined || config.findTopic(id) !== undefined) return id
  }
  return ''
}

/** Where a command is a topic too (`finetune FILE`, `finetune plan`): whether the next word is a mistyped command and not a file. */
function isMistypedSubcommand(id: string, word: string, config: Config): boolean {
  const subcommands = config.commandIDs.filter((other) => other.startsWith(`${id}:`)).map((other) => other.slice(id.length + 1))
  return closest(word, subcommands) !== undefined && !existsSync(word)
}

function unknownCommand(config: Config, words: readonly string[], line: readonly string[]): PolarError {
  const names = config.commands.filter((command) => !command.hidden).map((command) => command.id.replaceAll(':', ' '))
  const topics = config.topics.filter((topic) => !topic.hidden).map((topic) => topic.name.replaceAll(':', ' '))
  const meant = closestCommand(words, names) ?? closestCommand(words, topics)
  const known = names.some((name) => name === words[0] || name.startsWith(`${words[0]} `))
  const given = words.slice(0, meant?.split(' ').length === 1 && !known ? 1 : 2).join(' ')
  const rest = line.slice(meant === undefined ? 0 : Math.min(words.length, meant.split(' ').length))
  const topic = known ? [words[0] ?? ''] : []
  return new PolarError(
    'usage',
    'COMMAND_UNKNOWN',
    didYouMean(`polar has no command "${given}"`, meant === undefined ? undefined : `"polar ${meant}"`),
    {
      suggestions: [
        ...(meant === undefined ? [] : [shellCommand(['polar', ...meant.split(' '), ...rest])]),
        shellCommand(['polar', ...topic, '--help']),
      ],
      facts: {given, ...(meant === undefined ? {} : {meant})},
    },
  )
}

function strayFlag(flag: string): PolarError {
  return new PolarError('usage', 'FLAG_INVALID', `${flag} stands where a command should be`, {
    suggestions: ['polar --help'],
    facts: {given: flag},
  })
}

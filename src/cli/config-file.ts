import {readFile} from 'node:fs/promises'
import {Parser, type Command, type Config, type Interfaces} from '@oclif/core'
import {PolarError} from '../errors.js'
import {fileError, hasCode} from '../system/file-errors.js'
import {beforeDashes} from './argv.js'
import type {Setting} from './config-settings.js'
import {closest} from './suggest.js'
import {usageError} from './usage-error.js'

/** Where defaults are looked for when `--config` does not say. */
const CONFIG_FILE = 'polar.yaml'

type Flags = Interfaces.FlagInput
type Flag = Flags[string]

/** Flags that say how this one line is run, and so have no default in a file. */
const NEVER_IN_A_FILE = new Set(['config', 'json'])

/**
 * `argv` with the defaults that polar.yaml, or the file that `--config` names, gives for `command`. A flag that is typed or set
 * by its environment variable wins, and takes the defaults that exclude it away.
 *
 * Throws CONFIG_INVALID, with file and line, for an unknown command or flag and for a value that the flag would refuse.
 */
export async function applyConfigFile(argv: readonly string[], config: Config, command: Command.Class): Promise<string[]> {
  const file = typedValue(argv, 'config')
  const text = await readConfig(file ?? CONFIG_FILE, file !== undefined)
  if (text === undefined) return [...argv]
  const {readSettings} = await import('./config-settings.js')
  const settings = readSettings(text, file ?? CONFIG_FILE, config)
  for (const setting of settings) checkName(setting, config.findCommand(setting.id)?.flags ?? {})
  const flags: Flags = {...command.baseFlags, ...command.flags}
  const typed = typedFlags(argv, flags)
  const defaults: string[] = []
  for (const setting of settings.filter(({id}) => id === command.id)) {
    const name = canonical(setting.name, flags)
    const flag = name === undefined ? undefined : flags[name]
    if (name === undefined || flag === undefined) continue
    const tokens = tokensOf(setting, name, flag)
    await checkValue(setting, tokens, name, flag)
    if (!isOutdone(name, flag, flags, typed)) defaults.push(...tokens)
  }
  const before = beforeDashes(argv)
  return [...before, ...defaults, ...argv.slice(before.length)]
}

async function readConfig(file: string, isNamed: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw fileError(error, file, 'read')
    if (!isNamed) return undefined
    throw new PolarError('usage', 'CONFIG_INVALID', `${file}: no such file`, {
      suggestions: ['--config names a YAML file with defaults for flags'],
      facts: {file},
      cause: error,
    })
  }
}

/** Enough of a flag to know its names; what the manifest holds of it will do. */
type Named = Readonly<Record<string, {readonly aliases?: readonly string[]}>>

function canonical(name: string, flags: Named): string | undefined {
  if (Object.hasOwn(flags, name)) return name
  return Object.keys(flags).find((key) => flags[key]?.aliases?.includes(name))
}

function checkName(setting: Setting, flags: Named): void {
  const name = canonical(setting.name, flags)
  if (name !== undefined && !NEVER_IN_A_FILE.has(name)) return
  const command = `polar ${setting.id.replaceAll(':', ' ')}`
  const meant = name === undefined ? closest(setting.name, Object.keys(flags)) : undefined
  throw setting.invalid(
    name === undefined ? `${command} has no flag --${setting.name}` : `--${name} belongs on the command line, not in a file`,
    meant,
    [`${command} --help`],
  )
}

function tokensOf(setting: Setting, name: string, flag: Flag): string[] {
  if (flag.type === 'boolean') {
    if (setting.value === 'true') return [`--${name}`]
    if (setting.value === 'false') return flag.allowNo === true ? [`--no-${name}`] : []
    throw setting.invalid(`--${name} is true or false`)
  }
  if (typeof setting.value === 'string') return [`--${name}=${setting.value}`]
  if (flag.multiple !== true) throw setting.invalid(`--${name} takes one value, not a list`)
  return setting.value.map((value) => `--${name}=${value}`)
}

/** Has the flag itself judge its value, alone. */
async function checkValue(setting: Setting, tokens: readonly string[], name: string, flag: Flag): Promise<void> {
  const alone: Flag = {...flag, required: false, dependsOn: [], exclusive: [], exactlyOne: [], relationships: []}
  try {
    await Parser.parse([...tokens], {flags: {[name]: alone}, args: {}, strict: true})
  } catch (error) {
    const told = error instanceof PolarError ? error : usageError(error, {name: 'polar', argv: tokens, flagNames: [name]})
    if (told === undefined) throw error
    throw setting.invalid(told.message)
  }
}

function isOutdone(name: string, flag: Flag, flags: Flags, typed: ReadonlySet<string>): boolean {
  if (typed.has(name) || (flag.env !== undefined && process.env[flag.env] !== undefined)) return true
  return [...typed].some((other) => excludes(flag, other) || excludes(flags[other], name))
}

function excludes(flag: Flag | undefined, other: string): boolean {
  return flag !== undefined && [...(flag.exclusive ?? []), ...(flag.exactlyOne ?? [])].some((name) => name === other)
}

function typedFlags(argv: readonly string[], flags: Flags): Set<string> {
  const typed = new Set<string>()
  for (const token of beforeDashes(argv)) {
    const long = token.startsWith('--') ? token.slice(2).split('=')[0] : undefined
    const name =
      long === undefined
        ? Object.keys(flags).find((key) => flags[key]?.char !== undefined && token.startsWith(`-${flags[key].char}`))
        : (canonical(long, flags) ?? canonical(long.replace(/^no-/, ''), flags))
    if (name !== undefined) typed.add(name)
  }
  return typed
}

function typedValue(argv: readonly string[], name: string): string | undefined {
  const tokens = beforeDashes(argv)
  const at = tokens.findIndex((token) => token === `--${name}` || token.startsWith(`--${name}=`))
  return tokens[at]?.includes('=') === true ? tokens[at].slice(name.length + 3) : at === -1 ? undefined : tokens[at + 1]
}

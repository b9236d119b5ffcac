import {stripVTControlCharacters} from 'node:util'
import {PolarError} from '../errors.js'
import {shellCommand} from '../system/shell-command.js'
import {closest, didYouMean} from './suggest.js'

/** What of a command is needed to help somebody who mistyped its flags. */
export interface CommandFacts {
  /** As it is typed: `polar data encode`. */
  readonly name: string
  readonly argv: readonly string[]
  /** Long names, aliases included, without dashes. */
  readonly flagNames: readonly string[]
}

const CHOICE = /^expected (?:--(?<flag>[\w-]+)=)?(?<given>[^]*) to be one of: (?<options>.*)$/

function isOclifError(error: unknown): error is Error & {flags?: unknown; args?: unknown; oclif: unknown} {
  return error instanceof Error && 'oclif' in error
}

/** Words of a library as ours are: on one line, small at the start, no full stop at the end. */
export function inOurWords(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\nSee more help with --help/g, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing --(\S+)\s+/, '--$1: ')
    .replace(/\s*\n\s*/g, '; ')
    .replace(/^(--\S+: )?([A-Z])(?=[a-z]*\b)/, (_, flag: string | undefined, first: string) => (flag ?? '') + first.toLowerCase())
    .replace(/[.\s]+$/, '')
}

function corrected(command: CommandFacts, given: string, meant: string): string {
  const argv = command.argv.map((token) => {
    if (token === given) return meant
    if (token.startsWith(`${given}=`)) return meant + token.slice(given.length)
    return token.endsWith(`=${given}`) ? token.slice(0, -given.length) + meant : token
  })
  return `${command.name} ${shellCommand(argv)}`
}

function flagInvalid(message: string, command: CommandFacts, mistake?: {given: string; meant: string | undefined}): PolarError {
  const {given, meant} = mistake ?? {}
  const mended = given !== undefined && meant !== undefined ? [corrected(command, given, meant)] : []
  return new PolarError('usage', 'FLAG_INVALID', didYouMean(message, meant), {
    suggestions: [...mended, `${command.name} --help`],
    facts: {command: command.name, ...(given === undefined ? {} : {given}), ...(meant === undefined ? {} : {meant})},
  })
}

/** What oclif says about a command line, as an error of ours; undefined where `error` is not about the command line. */
export function usageError(error: unknown, command: CommandFacts): PolarError | undefined {
  if (error instanceof PolarError || !(error instanceof Error)) return undefined
  if (error.message.startsWith('Parsing --')) return flagInvalid(inOurWords(error.message), command)
  if (!isOclifError(error)) return undefined
  if (Array.isArray(error.flags)) {
    const [given = ''] = error.flags.map(String)
    const name = given.split('=')[0] ?? given
    const meant = closest(name.replace(/^--?/, ''), command.flagNames)
    return flagInvalid(`${command.name} has no flag ${name}`, command, {
      given: name,
      meant: meant === undefined ? undefined : `--${meant}`,
    })
  }
  if (Array.isArray(error.args)) {
    const names = error.args.map((arg: unknown) => (typeof arg === 'object' && arg !== null && 'name' in arg ? arg.name : arg))
    const missing = error.message.startsWith('Missing')
    return flagInvalid(
      missing
        ? `${command.name} needs ${names.map((name) => String(name).toUpperCase()).join(' and ')}`
        : inOurWords(error.message),
      command,
    )
  }
  const words = inOurWords(error.message)
  const choice = CHOICE.exec(words)?.groups
  if (choice !== undefined) {
    const options = (choice['options'] ?? '').split(', ')
    const given = choice['given'] ?? ''
    const what = choice['flag'] === undefined ? given : `--${choice['flag']} ${given}`
    return flagInvalid(`${what} is not one of ${options.join(', ')}`, command, {given, meant: closest(given, options)})
  }
  const missing = /^missing required flag ([\w-]+)$/.exec(words)
  return flagInvalid(missing === null ? words : `${command.name} needs --${missing[1]}`, command)
}

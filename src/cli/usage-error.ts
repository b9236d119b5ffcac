import {stripVTControlCharacters} from 'node:util'
import {PolarError} from '../errors.js'
import {shellCommand} from '../system/shell-command.js'
import {closest} from './suggest.js'

/** What of a command is needed to help somebody who mistyped its flags. */
export interface CommandFacts {
  /** As it is typed: `polar data encode`. */
  readonly name: string
  readonly argv: readonly string[]
  /** Long names, aliases included, without dashes. */
  readonly flagNames: readonly string[]
}

const CHOICE = /^Expected (?:--(?<flag>[\w-]+)=)?(?<given>[^]*) to be one of: (?<options>.*)$/

function isOclifError(error: unknown): error is Error & {flags?: unknown; args?: unknown; oclif: unknown} {
  return error instanceof Error && 'oclif' in error
}

function sentence(text: string): string {
  const plain = stripVTControlCharacters(text)
    .replace(/\nSee more help with --help/g, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing --(\S+)\s+/, '--$1: ')
    .replace(/\s*\n\s*/g, '; ')
    .trim()
  return /[.?!]$/.test(plain) ? plain : `${plain}.`
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
  return new PolarError('usage', 'FLAG_INVALID', meant === undefined ? message : `${message} Did you mean ${meant}?`, {
    suggestions: [...mended, `${command.name} --help`],
    facts: {command: command.name, ...(given === undefined ? {} : {given}), ...(meant === undefined ? {} : {meant})},
  })
}

/** What oclif says about a command line, as an error of ours; undefined where `error` is not about the command line. */
export function usageError(error: unknown, command: CommandFacts): PolarError | undefined {
  if (error instanceof PolarError || !(error instanceof Error)) return undefined
  if (error.message.startsWith('Parsing --')) return flagInvalid(sentence(error.message), command)
  if (!isOclifError(error)) return undefined
  if (Array.isArray(error.flags)) {
    const [given = ''] = error.flags.map(String)
    const name = given.split('=')[0] ?? given
    const meant = closest(name.replace(/^--?/, ''), command.flagNames)
    return flagInvalid(`${command.name} has no flag ${name}.`, command, {
      given: name,
      meant: meant === undefined ? undefined : `--${meant}`,
    })
  }
  if (Array.isArray(error.args)) {
    const names = error.args.map((arg: unknown) => (typeof arg === 'object' && arg !== null && 'name' in arg ? arg.name : arg))
    const missing = error.message.startsWith('Missing')
    return flagInvalid(
      missing
        ? `${command.name} needs ${names.map((name) => String(name).toUpperCase()).join(' and ')}.`
        : sentence(error.message),
      command,
    )
  }
  const choice = CHOICE.exec(sentence(error.message).slice(0, -1))?.groups
  if (choice !== undefined) {
    const options = (choice['options'] ?? '').split(', ')
    const given = choice['given'] ?? ''
    const what = choice['flag'] === undefined ? given : `--${choice['flag']} ${given}`
    return flagInvalid(`${what} is not one of ${options.join(', ')}.`, command, {given, meant: closest(given, options)})
  }
  const missing = sentence(error.message).match(/^Missing required flag ([\w-]+)\.$/)
  return flagInvalid(missing === null ? sentence(error.message) : `${command.name} needs --${missing[1]}.`, command)
}

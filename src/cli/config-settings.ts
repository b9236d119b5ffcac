import type {Config} from '@oclif/core'
import {isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Node, type YAMLMap} from 'yaml'
import {PolarError} from '../errors.js'
import {normaliseName} from './argv.js'
import {closest, didYouMean} from './suggest.js'
import {inOurWords} from './usage-error.js'

/** One `flag: value` of a config file, under the command that it is for. */
export interface Setting {
  /** The command, as oclif writes it: `data:encode`. */
  readonly id: string
  /** The flag in our spelling, not yet known to exist. */
  readonly name: string
  /** As one would type it, or a list of such. */
  readonly value: string | readonly string[]
  /** CONFIG_INVALID at this place. */
  invalid(message: string, meant?: string, suggestions?: readonly string[]): PolarError
}

/**
 * The settings of a YAML file whose keys are commands, nested by topic or written out (`data: {encode: …}`, `data encode: …`).
 * This module brings the YAML parser with it: import it only where there is a file.
 * Throws CONFIG_INVALID, with file and line, for broken YAML and for a command that does not exist.
 */
export function readSettings(text: string, file: string, config: Config): Setting[] {
  const lines = new LineCounter()
  const document = parseDocument(text, {lineCounter: lines})

  const invalidAt = (offset: number, message: string, meant?: string, suggestions: readonly string[] = []): PolarError => {
    const {line} = lines.linePos(offset)
    return new PolarError('usage', 'CONFIG_INVALID', didYouMean(`${file}:${line}: ${message}`, meant), {
      suggestions,
      facts: {file, line, ...(meant === undefined ? {} : {meant})},
    })
  }
  const offsetOf = (node: unknown): number => {
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
    return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : 0
  }
  const pairsOf = (map: YAMLMap) =>
    map.items.map(({key, value}) => ({key: isScalar(key) ? String(key.value) : String(key), value, at: offsetOf(key)}))
  const typed = (node: unknown, at: number, name: string): string => {
    if (!isScalar(node) || node.value === null) throw invalidAt(at, `${name} has no value that a flag could take`)
    // A number as it was written: 1e-5 stays 1e-5.
    return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
  }

  const settings: Setting[] = []
  const read = (node: Node | null, above: string): void => {
    if (node === null || (isScalar(node) && node.value === null)) return
    if (!isMap(node))
      throw invalidAt(offsetOf(node), `${above === '' ? 'the file' : above.replaceAll(':', ' ')} should hold keys and values`)
    for (const {key, value, at} of pairsOf(node)) {
      const id = [...(above === '' ? [] : [above]), ...key.trim().split(/[\s:]+/)].join(':')
      if (config.findCommand(id) !== undefined || config.findTopic(id) !== undefined) {
        read(isNode(value) ? value : null, id)
      } else if (config.findCommand(above) !== undefined) {
        settings.push({
          id: above,
          name: normaliseName(key.replace(/^--/, '')),
          value: isSeq(value) ? value.items.map((item) => typed(item, at, key)) : typed(value, at, key),
          invalid: (message, meant, suggestions) => invalidAt(at, message, meant, suggestions),
        })
      } else {
        const siblings = new Set(
          config.commandIDs
            .filter((other) => above === '' || other.startsWith(`${above}:`))
            .map((other) => other.split(':')[above === '' ? 0 : above.split(':').length] ?? other),
        )
        throw invalidAt(at, `there is no command "${id.replaceAll(':', ' ')}"`, closest(key, siblings), ['polar --help'])
      }
    }
  }
  const [problem] = document.errors
  if (problem !== undefined) throw invalidAt(problem.pos[0], inOurWords(problem.message.split(' at line ')[0] ?? ''))
  read(document.contents, '')
  return settings
}

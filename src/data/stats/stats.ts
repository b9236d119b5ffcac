import type {LoadedTokenizer} from '../../encoding/tokenizer/tokenizer-traits.js'
import {Key, Kind, type Tape} from '../json/tape.js'
import {textAt} from '../row-texts.js'
import type {RuleCode} from '../rules/index.js'
import {scriptOf} from '../script.js'
import type {TokenLimits} from '../token-check.js'
import {checkFinetuneFile, type CheckedRow} from '../validate-finetune.js'
import {createTrainingEncoder} from '../xtuner/training-encoder.js'
import {createCollector, type Collector, type Distribution} from './distribution.js'

const PARTS = ['prompt', 'reference', 'chosen', 'rejected'] as const
type Part = (typeof PARTS)[number]
type PerPart<T> = Readonly<Record<Part, T>>

export interface StatsOptions {
  readonly files: readonly string[]
  readonly limits: TokenLimits
  readonly tokenizer?: LoadedTokenizer
  readonly signal: AbortSignal
  readonly onProgress?: (state: {rows: number; fraction: number | undefined}) => void
}

/** What `polar data stats --json` prints. */
export interface Stats {
  readonly files: readonly string[]
  /** Rows, and those of them that have four texts; all below is about these. */
  readonly rows: number
  readonly usable: number
  /** Rows without four texts, and what stands in a row's place without being JSON. */
  readonly leftOut: number
  /** The first of these in each file, and files that are empty or damaged. */
  readonly problems: readonly Problem[]
  /** How often each role stands in each part, and how many messages a part has. */
  readonly roles: PerPart<Readonly<Record<string, number>>>
  readonly messages: PerPart<Distribution>
  /** By the script of most letters; a language as such is not told. */
  readonly scripts: PerPart<Readonly<Record<string, number>>>
  readonly wrappers: Readonly<Record<string, number>>
  readonly characters: PerPart<Distribution>
  /** With a tokenizer: tokens of each part with its BOS, before anything is cut, and of the two sequences after. */
  readonly tokens?: PerPart<Distribution> & {readonly chosenSequence: Distribution; readonly rejectedSequence: Distribution}
  /** Rows whose part is cut, and tokens that go. */
  readonly cut?: PerPart<{readonly rows: number; readonly tokens: number}>
  readonly packing?: {
    readonly maxPackedLength: number
    readonly dropped: number
    /** Packs in the order of the file; training shuffles first, so that its number differs a little. */
    readonly packs: number
    /** Share of the packs' tokens that are used. */
    readonly fill: number
  }
  readonly labels: {
    readonly chosenLonger: number
    readonly rejectedLonger: number
    readonly sameLength: number
    readonly identical: number
    readonly referenceIsChosen: number
    readonly duplicates: number
    readonly reversed: number
    /** Characters that chosen is longer than rejected, on average. */
    readonly meanDifference: number
  }
}

/** Why not everything was measured. */
interface Problem {
  readonly file: string
  /** 0 for the file as a whole. */
  readonly line: number
  readonly pointer: string
  readonly code: RuleCode
  readonly message: string
}

/**
 * Measures files of preference rows, as far as they can be read: see `leftOut` and `problems`.
 * @throws {PolarError} INPUT_MISSING
 */
export async function measure({files, limits, tokenizer, signal, onProgress}: StatsOptions): Promise<Stats> {
  const roles = perPart(emptyCounts)
  const scripts = perPart(emptyCounts)
  const wrappers = emptyCounts()
  const messages = perPart(createCollector)
  const characters = perPart(createCollector)
  const tokens = perPart(createCollector)
  const sequences = {chosen: createCollector(), rejected: createCollector()}
  const cut = perPart(() => ({rows: 0, tokens: 0}))
  const labels = {
    chosenLonger: 0,
    rejectedLonger: 0,
    sameLength: 0,
    identical: 0,
    referenceIsChosen: 0,
    duplicates: 0,
    reversed: 0,
  }
  const pack = {dropped: 0, packs: 0, filled: 0, used: 0}
  let difference = 0
  let usable = 0
  let rows = 0
  let leftOut = 0
  const problems: Problem[] = []

  function see({texts, tokens: counted, tape, bytes, parts}: CheckedRow): void {
    usable++
    for (const [i, part] of PARTS.entries()) {
      const text = texts[part]
      characters[part].add(lengthOf(text))
      const script = scriptOf(Buffer.from(text.slice(0, 512))) ?? 'other'
      bump(scripts[part], script)
      messages[part].add(countRoles(tape, bytes, parts.lists[i] ?? -1, roles[part]))
    }
    bump(wrappers, typeof texts.wrapper === 'string' ? texts.wrapper.slice(0, 40) : 'none')
    const [chosen, rejected] = [lengthOf(texts.chosen), lengthOf(texts.rejected)]
    difference += chosen - rejected
    labels[chosen > rejected ? 'chosenLonger' : chosen < rejected ? 'rejectedLonger' : 'sameLength']++
    if (texts.chosen === texts.rejected) labels.identical++
    if (texts.chosen === texts.reference) labels.referenceIsChosen++
    if (counted === undefined) return
    for (const part of PARTS) {
      tokens[part].add(counted[part])
      const gone = counted[`${part}_cut`]
      if (gone > 0) cut[part].rows++
      cut[part].tokens += gone
    }
    sequences.chosen.add(counted.chosen_tokens)
    sequences.rejected.add(counted.rejected_tokens)
    const length = counted.chosen_tokens + counted.rejected_tokens
    if (counted.dropped) pack.dropped++
    else {
      if (pack.packs === 0 || pack.filled + length > limits.maxPackedLength) {
        pack.packs++
        pack.filled = 0
      }
      pack.filled += length
      pack.used += length
    }
  }

  for (const [index, file] of files.entries()) {
    const before = rows
    let firstLeftOut = -1
    const report = await checkFinetuneFile(file, {
      maxFindings: 0,
      signal,
      ...(tokenizer && {
        tokens: {encode: createTrainingEncoder(tokenizer, limits), limits, special: [...tokenizer.specialTokens.keys()]},
      }),
      onRow: see,
      onLeftOut: (line) => {
        leftOut++
        if (firstLeftOut === -1) firstLeftOut = line
      },
      onProgress: (state) =>
        onProgress?.({
          rows: before + state.rows,
          fraction: state.fraction === undefined ? undefined : (index + state.fraction) / files.length,
        }),
    })
    rows += report.rows
    const first = report.findings.find(({line, severity}) => line === firstLeftOut && severity === 'error')
    const ofFile = report.findings.filter(({code}) => code === 'GZIP_DAMAGED' || code === 'FILE_EMPTY')
    for (const {line, pointer, code, message} of [...(first ? [first] : []), ...ofFile])
      problems.push({file, line, pointer, code, message})
    labels.duplicates += report.counts.PAIR_DUPLICATE ?? 0
    labels.reversed += report.counts.PAIR_REVERSED ?? 0
  }
  return {
    files,
    rows,
    usable,
    leftOut,
    problems,
    roles,
    messages: summaries(messages),
    scripts,
    wrappers,
    characters: summaries(characters),
    ...(tokenizer && {
      tokens: {
        ...summaries(tokens),
        chosenSequence: sequences.chosen.summary(),
        rejectedSequence: sequences.rejected.summary(),
      },
      cut,
      packing: {
        maxPackedLength: limits.maxPackedLength,
        dropped: pack.dropped,
        packs: pack.packs,
        fill: pack.packs === 0 ? 0 : Math.round((pack.used / (pack.packs * limits.maxPackedLength)) * 1000) / 1000,
      },
    }),
    labels: {...labels, meanDifference: usable === 0 ? 0 : Math.round((difference / usable) * 10) / 10},
  }
}

function perPart<T>(make: () => T): Record<Part, T> {
  return {prompt: make(), reference: make(), chosen: make(), rejected: make()}
}

function summaries(collectors: Record<Part, Collector>): PerPart<Distribution> {
  return {
    prompt: collectors.prompt.summary(),
    reference: collectors.reference.summary(),
    chosen: collectors.chosen.summary(),
    rejected: collectors.rejected.summary(),
  }
}

function bump(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** Characters as Unicode counts them. */
function lengthOf(text: string): number {
  let pairs = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit <= 0xdbff) pairs++
  }
  return text.length - pairs
}

/** Counts the roles of a list of messages, and returns how many messages it has. */
function countRoles(tape: Tape, bytes: Buffer, list: number, counts: Record<string, number>): number {
  if (list === -1 || tape.kind[list] !== Kind.LIST) return 0
  let messages = 0
  const end = tape.next[list] ?? 0
  for (let message = list + 1; message < end; message = tape.next[message] ?? end) {
    messages++
    let role = 'none'
    const last = tape.next[message] ?? 0
    for (let key = message + 1; key < last; key = tape.next[key + 1] ?? last) {
      if (tape.key[key] === Key.ROLE && tape.kind[key + 1] === Kind.STRING) role = textAt(tape, bytes, key + 1).slice(0, 40)
    }
    if (role in counts || Object.keys(counts).length < 50) bump(counts, role)
    else bump(counts, 'others')
  }
  return messages
}

/** Without a prototype: a role may be called `constructor`. */
function emptyCounts(): Record<string, number> {
  return Object.create(null)
}

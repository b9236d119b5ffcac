import * as z from 'zod'
import {parseJson} from '../../system/json.js'
import {assembleTokenizer} from './assemble.js'
import {addBosAndEos, checkBytes, checkDeclared, refuse} from './declared-tokens.js'
import {createMergeTable, type MergeTable} from './merge-table.js'
import {buildPieceTexts} from './piece-texts.js'
import type {LoadedTokenizer} from './tokenizer-traits.js'
import type {TokenizerSettings} from './tokenizer-settings.js'
import {byteOfText, createVocabulary, type Vocabulary} from './vocabulary.js'

const stepSchema = z.looseObject({type: z.string()})
type Step = z.infer<typeof stepSchema>

const fileSchema = z.looseObject({
  added_tokens: z
    .array(
      z.object({
        id: z.number().int().nonnegative(),
        content: z.string(),
        special: z.boolean(),
        normalized: z.boolean(),
        lstrip: z.boolean(),
        rstrip: z.boolean(),
        single_word: z.boolean(),
      }),
    )
    .default([]),
  normalizer: stepSchema.nullish(),
  pre_tokenizer: stepSchema.nullish(),
  post_processor: stepSchema.nullish(),
  decoder: stepSchema.nullish(),
  model: z.looseObject({type: z.string().optional(), vocab: z.unknown(), merges: z.unknown()}),
})
const sequenceSchema = z.object({normalizers: z.array(stepSchema).optional(), decoders: z.array(stepSchema).optional()})
const replaceSchema = z.object({pattern: z.object({String: z.string()}), content: z.string()})
const templateSchema = z.object({
  single: z.array(
    z.union([z.object({SpecialToken: z.object({id: z.string()})}), z.object({Sequence: z.object({id: z.literal('A')})})]),
  ),
  special_tokens: z.record(z.string(), z.object({ids: z.array(z.number().int())})),
})

/**
 * A tokenizer saved by Hugging Face's fast classes: BPE with byte fallback, spaces written as `▁`, as InternLM2 and Llama have it.
 * Throws MODEL_UNSUPPORTED, naming what is not read.
 */
export function tokenizerFromJson(path: string, text: string, settings: TokenizerSettings): LoadedTokenizer {
  const file = parseFile(path, text)
  const {model} = file
  checkModel(path, model)
  const vocabulary = vocabularyOf(path, model.vocab)
  checkBytes(path, vocabulary)
  const {prefix, spacesAreEscaped} = readNormalizer(path, file.normalizer)
  if (file.pre_tokenizer) refuse(path, `it has a pre-tokenizer (${file.pre_tokenizer.type})`)
  checkDeclared(path, file.added_tokens)
  for (const {content, normalized} of file.added_tokens) {
    if (normalized && (prefix !== '' || /[ ▁]/.test(content))) {
      refuse(path, `its added token ${content} is normalised before it is looked for`)
    }
  }
  const known = new Map(file.added_tokens.map((token) => [token.content, token.id]))
  const idOf = (name: string) => known.get(name) ?? idIn(vocabulary, name)
  // These classes set their own template from the configuration, whatever the file says.
  const around = /^(InternLM2|Llama)Tokenizer(Fast)?$/.test(settings.tokenizerClass ?? '')
    ? addBosAndEos(path, settings, {bos_token: '<s>', eos_token: '</s>', ...settings.roles}, idOf)
    : readTemplate(path, file.post_processor)
  return assembleTokenizer({
    vocabulary,
    merges: mergesOf(path, model.merges, vocabulary),
    addedTokens: file.added_tokens,
    spacesAreEscaped,
    prefix,
    ...around,
    dropLeadingSpace: readDecoder(path, file.decoder),
    cleanUpSpaces: settings.cleanUpSpaces,
  })
}

function parseFile(path: string, text: string): z.infer<typeof fileSchema> {
  const json = parseJson(text)
  if (json === undefined) return refuse(path, 'it is not JSON')
  const file = fileSchema.safeParse(json)
  return file.success ? file.data : refuse(path, `it has no ${file.error.issues[0]?.path.join('.') ?? 'model'} of the usual form`)
}

function checkModel(path: string, model: Readonly<Record<string, unknown>>): void {
  if (model.type !== undefined && model.type !== 'BPE') refuse(path, `its model is ${String(model.type)}, only BPE is read`)
  if (model.byte_fallback !== true) refuse(path, 'its BPE has no byte fallback')
  for (const option of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'ignore_merges']) {
    const value = model[option]
    if (value != null && value !== false && value !== '') refuse(path, `its BPE has ${option} ${JSON.stringify(value)}`)
  }
}

/** The vocabulary, whose ids must be dense from 0. */
function vocabularyOf(path: string, vocab: unknown): Vocabulary {
  if (typeof vocab !== 'object' || vocab === null) return refuse(path, 'its model has no vocab')
  const pieces: string[] = []
  let count = 0
  for (const [piece, id] of Object.entries(vocab)) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0) refuse(path, `the id of ${piece} is ${String(id)}`)
    pieces[id] = piece
    count++
  }
  if (count !== pieces.length) refuse(path, `its vocab has ${count} pieces and ids up to ${pieces.length - 1}`)
  const builder = buildPieceTexts()
  for (const piece of pieces) builder.append(piece)
  return createVocabulary(builder.done())
}

function idIn(vocabulary: Vocabulary, text: string): number | undefined {
  const id = vocabulary.idOf(text)
  return id === -1 ? undefined : id
}

function mergesOf(path: string, merges: unknown, vocabulary: Vocabulary): MergeTable {
  if (!Array.isArray(merges)) return refuse(path, 'its model has no merges')
  const table = createMergeTable({expected: merges.length})
  merges.forEach((merge: unknown, rank) => {
    // Older files write "left right", newer ones ["left", "right"].
    const pair: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : []
    const left = pair[0]
    const right = pair[1]
    if (typeof left !== 'string' || typeof right !== 'string' || pair.length > 2) {
      return refuse(path, `merge ${rank} is not a pair`)
    }
    const leftId = vocabulary.idOf(left)
    const rightId = vocabulary.idOf(right)
    const id = leftId === -1 || rightId === -1 ? -1 : vocabulary.idOfJoined(leftId, rightId)
    if (id === -1) return refuse(path, `merge ${rank} is not in the vocabulary`)
    if (byteOfText(left) >= 0 || byteOfText(right) >= 0) return refuse(path, `merge ${rank} joins byte pieces`)
    table.set(leftId, rightId, {id, rank})
  })
  return table
}

function readNormalizer(path: string, normalizer: Step | null | undefined): {prefix: string; spacesAreEscaped: boolean} {
  let prefix = ''
  let spacesAreEscaped = false
  for (const step of stepsOf(normalizer, 'normalizers')) {
    if (step.type === 'Prepend' && step.prepend === '▁') {
      prefix = '▁'
      continue
    }
    const replace = replaceSchema.safeParse(step)
    if (step.type === 'Replace' && replace.data?.pattern.String === ' ' && replace.data.content === '▁') spacesAreEscaped = true
    else refuse(path, `its normaliser has the step ${described(step)}`)
  }
  return {prefix, spacesAreEscaped}
}

/** Ids that the template puts around one text. */
function readTemplate(path: string, processor: Step | null | undefined): {before: number[]; after: number[]} {
  if (!processor) return {before: [], after: []}
  const template = templateSchema.safeParse(processor)
  if (processor.type !== 'TemplateProcessing' || !template.success) {
    return refuse(path, `its post-processor is ${described(processor)}`)
  }
  const before: number[] = []
  const after: number[] = []
  let side = before
  for (const part of template.data.single) {
    if ('Sequence' in part) side = after
    else
      side.push(
        ...(template.data.special_tokens[part.SpecialToken.id]?.ids ??
          refuse(path, `its template names ${part.SpecialToken.id}`)),
      )
  }
  return {before, after}
}

/** Checks that decoding is Replace(▁ → space), ByteFallback, Fuse; returns whether a leading space is then dropped. */
function readDecoder(path: string, decoder: Step | null | undefined): boolean {
  const steps = stepsOf(decoder, 'decoders')
  const [replace, bytes, fuse, strip, ...more] = steps
  const replacement = replaceSchema.safeParse(replace)
  const usual =
    replace?.type === 'Replace' &&
    replacement.data?.pattern.String === '▁' &&
    replacement.data.content === ' ' &&
    bytes?.type === 'ByteFallback' &&
    fuse?.type === 'Fuse' &&
    more.length === 0
  if (!usual) refuse(path, `its decoder is ${steps.map((step) => step.type).join(', ') || 'missing'}`)
  if (!strip) return false
  if (strip.type === 'Strip' && strip.content === ' ' && strip.start === 1 && strip.stop === 0) return true
  return refuse(path, `its decoder ends with ${described(strip)}`)
}

function stepsOf(step: Step | null | undefined, list: 'normalizers' | 'decoders'): readonly Step[] {
  if (!step) return []
  return step.type === 'Sequence' ? (sequenceSchema.safeParse(step).data?.[list] ?? [step]) : [step]
}

function described(step: unknown): string {
  const text = JSON.stringify(step)
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

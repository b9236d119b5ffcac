import {join} from 'node:path'
import * as z from 'zod'
import {PolarError} from '../../errors.js'
import {parseJson} from '../../system/json.js'
import {readIfThere} from './read-if-there.js'

const tokenSchema = z.object({
  content: z.string(),
  special: z.boolean().default(false),
  normalized: z.boolean().optional(),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
  single_word: z.boolean().default(false),
})
const nameSchema = z.union([z.string(), tokenSchema.transform((token) => token.content)]).nullish()
const names = {
  bos_token: nameSchema,
  eos_token: nameSchema,
  unk_token: nameSchema,
  sep_token: nameSchema,
  pad_token: nameSchema,
  cls_token: nameSchema,
  mask_token: nameSchema,
  additional_special_tokens: z.array(nameSchema).nullish(),
}
const mapSchema = z.object(names)
const configSchema = mapSchema.extend({
  added_tokens_decoder: z.record(z.string(), tokenSchema).optional(),
  tokenizer_class: z.string().nullish(),
  add_bos_token: z.boolean().nullish(),
  add_eos_token: z.boolean().nullish(),
  clean_up_tokenization_spaces: z.boolean().nullish(),
})
const idsSchema = z.record(z.string(), z.number().int().nonnegative())

/** An added token as a checkpoint declares it. */
export type DeclaredToken = z.infer<typeof tokenSchema> & {readonly id: number}

/** What the small JSON files beside a tokenizer say. */
export interface TokenizerSettings {
  readonly tokenizerClass: string | undefined
  readonly declared: readonly DeclaredToken[]
  /** Special tokens by role (`bos_token`, …) where one is named. */
  readonly roles: Readonly<Record<string, string>>
  /** Texts of all special tokens that are named, in transformers' order. */
  readonly specialNames: readonly string[]
  readonly addBos: boolean | undefined
  readonly addEos: boolean | undefined
  readonly cleanUpSpaces: boolean
}

/**
 * Reads `tokenizer_config.json`, and, where that has no `added_tokens_decoder`, `special_tokens_map.json` and `added_tokens.json`,
 * as transformers 4.48 does. A missing file counts as empty.
 * Throws MODEL_UNSUPPORTED where a file is not what it should be, NOT_READABLE.
 */
export async function readTokenizerSettings(dir: string): Promise<TokenizerSettings> {
  const config = await readJson(dir, 'tokenizer_config.json', configSchema)
  const legacy = config.added_tokens_decoder === undefined
  const map = legacy ? await readJson(dir, 'special_tokens_map.json', mapSchema) : {}
  const added = legacy ? await readJson(dir, 'added_tokens.json', idsSchema) : {}
  const merged = {...config, ...Object.fromEntries(Object.entries(map).filter(([, value]) => value != null))}

  const roles: Record<string, string> = {}
  for (const role of ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const) {
    const name = merged[role]
    if (name != null) roles[role] = name
  }
  const additional = [...(config.additional_special_tokens ?? []), ...((legacy && map.additional_special_tokens) || [])]
  const specialNames = [...new Set([...Object.values(roles), ...additional.filter((name) => name != null)])]
  const declared = Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) => ({...token, id: Number(id)}))
  for (const [content, id] of Object.entries(added)) {
    const special = specialNames.includes(content)
    declared.push({content, id, special, normalized: !special, lstrip: false, rstrip: false, single_word: false})
  }
  return {
    tokenizerClass: config.tokenizer_class ?? undefined,
    declared,
    roles,
    specialNames,
    addBos: config.add_bos_token ?? undefined,
    addEos: config.add_eos_token ?? undefined,
    cleanUpSpaces: config.clean_up_tokenization_spaces ?? false,
  }
}

async function readJson<S extends z.ZodType>(dir: string, name: string, schema: S): Promise<z.infer<S>> {
  const file = join(dir, name)
  const bytes = await readIfThere(file)
  if (bytes === undefined) return schema.parse({})
  const json = parseJson(bytes.toString('utf8'))
  if (json === undefined) throw unsupported(file, 'is not JSON')
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
  throw unsupported(file, `is not as expected${where}: ${issue?.message ?? ''}`)
}

function unsupported(file: string, found: string): PolarError {
  return new PolarError('environment', 'MODEL_UNSUPPORTED', `${file} ${found}`, {
    suggestions: ['fetch this file again'],
    facts: {file},
  })
}

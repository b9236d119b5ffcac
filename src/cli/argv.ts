/** Spellings that people bring from Hugging Face's tools and that are more than another writing of our flag. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([['model-name-or-path', 'model']])

/** Our spelling of a flag's name: `max_length` is `max-length`, `model_name_or_path` is `model`. */
export function normaliseName(name: string): string {
  const dashed = name.replaceAll('_', '-')
  return OTHER_NAMES.get(dashed) ?? dashed
}

/** The words of `argv` that are ours: those before any `--`. */
export function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end === -1 ? argv : argv.slice(0, end)
}

/** `argv` with every long flag before `--` in our spelling. */
export function normaliseArgv(argv: readonly string[]): string[] {
  const ours = beforeDashes(argv)
  const spelt = ours.map((token) => {
    if (!token.startsWith('--')) return token
    const [name = '', ...value] = token.slice(2).split('=')
    return ['--' + normaliseName(name), ...value].join('=')
  })
  return [...spelt, ...argv.slice(ours.length)]
}

/** Whether `argv` asks for JSON. */
export function wantsJson(argv: readonly string[]): boolean {
  return beforeDashes(argv).includes('--json')
}

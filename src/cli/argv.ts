/** Spellings that people bring from Hugging Face's tools and that are more than another writing of our flag. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'model-name-or-path': 'model',
}

/** Our spelling of a flag's name: `max_length` is `max-length`, `model_name_or_path` is `model`. */
export function normaliseName(name: string): string {
  const dashed = name.replaceAll('_', '-')
  return OTHER_NAMES[dashed] ?? dashed
}

/** `argv` with every long flag before `--` in our spelling. */
export function normaliseArgv(argv: readonly string[]): string[] {
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length
  return argv.map((token, index) => {
    if (index >= end || !token.startsWith('--')) return token
    const [name = '', ...value] = token.slice(2).split('=')
    return ['--' + normaliseName(name), ...value].join('=')
  })
}

/** Whether `argv` asks for JSON: `--json` before any `--`. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

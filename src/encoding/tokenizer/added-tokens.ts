/** A token that is looked for in the raw text before anything else. */
export interface AddedToken {
  readonly id: number
  readonly content: string
  /** Left out by `decode(…, {skipSpecialTokens: true})`. */
  readonly special: boolean
  /** Looked for only in what the other added tokens leave. */
  readonly normalized: boolean
}

/** An added token found in a text, at UTF-16 offsets [start, end). */
interface Match {
  readonly token: AddedToken
  readonly start: number
  readonly end: number
}

/** Every added token of a text in order, leftmost first, the longest of those that begin together; matches do not overlap. */
export type FindAddedTokens = (text: string) => readonly Match[]

const NOTHING: readonly Match[] = []

export function createAddedTokenFinder(tokens: readonly AddedToken[]): FindAddedTokens {
  const first = createPass(tokens.filter((token) => !token.normalized))
  const second = createPass(tokens.filter((token) => token.normalized))
  if (!second) return first ? (text) => first(text, 0, text.length) : () => NOTHING
  return (text) => {
    const matches: Match[] = []
    let from = 0
    for (const match of first?.(text, 0, text.length) ?? NOTHING) {
      for (const between of second(text, from, match.start)) matches.push(between)
      matches.push(match)
      from = match.end
    }
    return matches.concat(second(text, from, text.length))
  }
}

/** One pattern of all contents, the longest first, so that the first alternative to fit is the longest. */
function createPass(tokens: readonly AddedToken[]): ((text: string, start: number, end: number) => readonly Match[]) | undefined {
  const byContent = new Map(tokens.filter((token) => token.content !== '').map((token) => [token.content, token]))
  if (byContent.size === 0) return undefined
  const contents = [...byContent.keys()].sort((a, b) => b.length - a.length)
  const pattern = new RegExp(contents.map(escaped).join('|'), 'g')
  return (text, start, end) => {
    const part = start === 0 && end === text.length ? text : text.slice(start, end)
    pattern.lastIndex = 0
    let found = pattern.exec(part)
    if (!found) return NOTHING
    const matches: Match[] = []
    for (; found; found = pattern.exec(part)) {
      const token = byContent.get(found[0])
      if (token) matches.push({token, start: start + found.index, end: start + found.index + found[0].length})
    }
    return matches
  }
}

function escaped(content: string): string {
  return content.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}

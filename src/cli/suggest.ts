/** Edits (insert, delete, replace, swap of neighbours) between two words: the optimal string alignment distance. */
export function editDistance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({length: b.length + 1}, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

/** The candidate that `typed` was most likely meant to be, if one is near enough: a third of its letters, and always one. */
export function closest(typed: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Infinity
  for (const candidate of candidates) {
    const distance = editDistance(typed.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best !== undefined && bestDistance <= Math.max(1, Math.floor(Math.max(typed.length, best.length) / 3)) ? best : undefined
}

/**
 * The command that the first words were most likely meant to be. Each command is compared with as many words as it has, so
 * that `finetune plna rows.jsonl` finds `finetune plan`; a lone last word finds its command too (`encode`: `data encode`).
 */
export function closestCommand(words: readonly string[], commands: readonly string[]): string | undefined {
  const byLength = new Map<number, string[]>()
  for (const command of commands) {
    const length = command.split(' ').length
    byLength.set(length, [...(byLength.get(length) ?? []), command])
  }
  let best: string | undefined
  let bestScore = Infinity
  for (const [length, candidates] of byLength) {
    if (words.length < length) continue
    const typed = words.slice(0, length).join(' ')
    const found = closest(typed, candidates)
    // More words in agreement beat fewer.
    const score = found === undefined ? Infinity : editDistance(typed, found) - length
    if (score < bestScore) [best, bestScore] = [found, score]
  }
  if (best !== undefined) return best
  const [first] = words
  if (first === undefined) return undefined
  const tails = new Map(commands.map((command) => [command.split(' ').at(-1) ?? command, command]))
  const tail = closest(first, tails.keys())
  return tail === undefined ? undefined : tails.get(tail)
}

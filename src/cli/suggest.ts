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

/** How many edits `typed` is away from `meant`, or Infinity where that is more than a third of the letters (one is always near). */
function nearness(typed: string, meant: string): number {
  const distance = editDistance(typed.toLowerCase(), meant.toLowerCase())
  return distance <= Math.max(1, Math.floor(Math.max(typed.length, meant.length) / 3)) ? distance : Infinity
}

function nearest<T>(candidates: Iterable<T>, distanceOf: (candidate: T) => number): T | undefined {
  let best: T | undefined
  let least = Infinity
  for (const candidate of candidates) {
    const distance = distanceOf(candidate)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** The candidate that `typed` was most likely meant to be, if one is near enough. */
export function closest(typed: string, candidates: Iterable<string>): string | undefined {
  return nearest(candidates, (candidate) => nearness(typed, candidate))
}

/**
 * The command that the first words were most likely meant to be, word by word: `finetune plna rows.jsonl` is `finetune plan`.
 * A last word alone finds its command too (`encode`: `data encode`).
 */
export function closestCommand(words: readonly string[], commands: readonly string[]): string | undefined {
  const distanceOf = (command: string) =>
    command
      .split(' ')
      .reduce((sum, word, index) => sum + (words[index] === undefined ? Infinity : nearness(words[index], word)), 0)
  // Of several that fit, the one that explains most words.
  const lengths = new Set(commands.map((command) => command.split(' ').length))
  for (const length of [...lengths].sort((a, b) => b - a)) {
    const found = nearest(
      commands.filter((command) => command.split(' ').length === length),
      distanceOf,
    )
    if (found !== undefined) return found
  }
  const [first = ''] = words
  return nearest(commands, (command) => nearness(first, command.split(' ').at(-1) ?? ''))
}

/** `message`, and the question whether `meant` was meant where there is such a thing. */
export function didYouMean(message: string, meant: string | undefined): string {
  return meant === undefined ? message : `${message}; did you mean ${meant}?`
}

/** Lengths of many things, in numbers that a person can hold. */
export interface Distribution {
  readonly count: number
  readonly sum: number
  readonly mean: number
  readonly min: number
  readonly p5: number
  readonly p25: number
  readonly median: number
  readonly p75: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  readonly histogram: Histogram
}

/** `counts[i]` values are at least `edges[i]` and below `edges[i + 1]`; the last bin takes its upper edge, too. */
interface Histogram {
  readonly edges: readonly number[]
  readonly counts: readonly number[]
}

export interface Collector {
  add(value: number): void
  summary(): Distribution
}

const FIRST = 1 << 10
const BINS = 24

/** Collects whole numbers from 0 on, four bytes each; percentiles are exact (nearest rank). */
export function createCollector(): Collector {
  let values = new Uint32Array(FIRST)
  let count = 0
  let sum = 0
  return {
    add(value) {
      if (count === values.length) {
        const bigger = new Uint32Array(values.length * 2)
        bigger.set(values)
        values = bigger
      }
      values[count++] = value
      sum += value
    },
    summary() {
      const sorted = values.slice(0, count).sort()
      const at = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? 0
      return {
        count,
        sum,
        mean: count === 0 ? 0 : Math.round((sum / count) * 10) / 10,
        min: sorted[0] ?? 0,
        p5: at(0.05),
        p25: at(0.25),
        median: at(0.5),
        p75: at(0.75),
        p95: at(0.95),
        p99: at(0.99),
        max: sorted[count - 1] ?? 0,
        histogram: histogram(sorted),
      }
    },
  }
}

/** Bins of equal ratio, since lengths spread over powers of ten. */
function histogram(sorted: Uint32Array): Histogram {
  if (sorted.length === 0) return {edges: [0, 1], counts: [0]}
  const low = Math.max(1, sorted[0] ?? 1)
  const high = Math.max(low + 1, sorted.at(-1) ?? 1)
  const ratio = (high / low) ** (1 / BINS)
  const inner = Array.from({length: BINS - 1}, (_, i) => Math.round(low * ratio ** (i + 1)))
  const edges = [...new Set([sorted[0] ?? 0, ...inner.filter((edge) => edge > (sorted[0] ?? 0) && edge < high), high])]
  const counts = Array.from({length: edges.length - 1}, () => 0)
  let bin = 0
  for (const value of sorted) {
    while (bin < counts.length - 1 && value >= (edges[bin + 1] ?? Infinity)) bin++
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return {edges, counts}
}

import cliProgress from 'cli-progress'
import {fractionOf, progressText, type ProgressState} from './progress-text.js'

/** Shows how far a journey has come, on stderr. */
export interface Progress {
  update(state: ProgressState): void
  /** Writes a line without spoiling the bar. */
  note(line: string): void
  /** Takes the bar away. Idempotent. */
  stop(): void
}

export interface ProgressOptions {
  readonly stream?: NodeJS.WriteStream
  /** Shows nothing but notes. */
  readonly quiet?: boolean
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number
  /** Milliseconds between two lines where there is no terminal. */
  readonly interval?: number
}

/** A bar on a terminal; elsewhere a plain line every ten seconds. */
export function createProgress({
  stream = process.stderr,
  quiet = false,
  now = () => performance.now(),
  interval = 10_000,
}: ProgressOptions = {}): Progress {
  if (quiet) return {update: () => {}, note: (line) => void stream.write(`${line}\n`), stop: () => {}}
  return stream.isTTY === true ? bar(stream, now) : lines(stream, now, interval)
}

/** Where the count of one thing began: what rates and the time left are reckoned from. */
interface Start {
  readonly state: ProgressState
  readonly at: number
}

/** `start`, or a new one where `state` counts another thing. */
function startOf(state: ProgressState, start: Start | undefined, now: () => number): Start {
  return start?.state.unit === state.unit ? start : {state, at: now()}
}

function lines(stream: NodeJS.WriteStream, now: () => number, interval: number): Progress {
  let start: Start | undefined
  let last = now()
  return {
    update(state) {
      start = startOf(state, start, now)
      if (now() - last < interval) return
      last = now()
      stream.write(`${progressText(state, start.state, (last - start.at) / 1000)}\n`)
    },
    note: (line) => void stream.write(`${line}\n`),
    stop() {},
  }
}

/** The bar's own scale: cli-progress counts, we have shares. */
const STEPS = 1000

function bar(stream: NodeJS.WriteStream, now: () => number): Progress {
  let start: Start | undefined
  let latest: ProgressState | undefined
  const shown = new cliProgress.SingleBar({
    stream,
    hideCursor: true,
    clearOnComplete: true,
    // Our own handlers end a run in good order.
    gracefulExit: false,
    fps: 5,
    format(options, {progress}) {
      if (start === undefined || latest === undefined) return ''
      const text = progressText(latest, start.state, (now() - start.at) / 1000)
      if (fractionOf(latest) === undefined) return text
      const size = options.barsize ?? 40
      const full = Math.round(progress * size)
      return `${'█'.repeat(full)}${'░'.repeat(size - full)} ${Math.floor(progress * 100)} %  ${text}`
    },
    barsize: 24,
  })
  let running = false
  return {
    update(state) {
      latest = state
      start = startOf(state, start, now)
      if (!running) shown.start(STEPS, 0)
      running = true
      shown.update(Math.round((fractionOf(state) ?? 0) * STEPS))
    },
    note: (line) => void stream.write(running ? `\r\u001B[K${line}\n` : `${line}\n`),
    stop() {
      if (running) shown.stop()
      running = false
    },
  }
}

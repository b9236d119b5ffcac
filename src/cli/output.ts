import {once} from 'node:events'
import {fileError, isSystemError} from '../system/file-errors.js'

/** `json` as a line; spread out for the eye on a terminal. */
export function jsonText(json: unknown, stream: {isTTY?: boolean} = process.stdout): string {
  return `${JSON.stringify(json, null, stream.isTTY === true ? 2 : 0)}\n`
}

/** Writes a result to stdout and waits where the reader is slower than we are. Throws EPIPE where the reader has left (`| head`). */
export async function writeOut(text: string): Promise<void> {
  if (process.stdout.errored) throw process.stdout.errored
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Whether `error` says that the reader of stdout has left: no fault of ours or the user's. */
export function isClosedPipe(error: unknown): boolean {
  return isSystemError(error) && error.code === 'EPIPE'
}

/** `text` as one line of bounded length that cannot steer a terminal: what rows and files hold may stand in a message. */
export function printable(text: string): string {
  const line = text.replaceAll(/[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]+/g, ' ')
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line
}

const LONGEST_LINE = 1000

/**
 * A pipe that nobody reads any more is no failure: work with a file as its output goes on, and what writes to stdout ends at its next
 * {@link writeOut}. Any other failure of stdout or stderr goes to `onBroken`.
 */
export function watchStandardStreams(onBroken: (error: unknown) => void): void {
  for (const [name, stream] of [
    ['stdout', process.stdout],
    ['stderr', process.stderr],
  ] as const) {
    // oclif's own listener throws.
    stream.removeAllListeners('error')
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!isClosedPipe(error)) onBroken(fileError(error, name))
    })
  }
}

/** Waits until everything that was written has left the process. */
export async function flushed(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  )
}

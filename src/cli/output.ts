import {once} from 'node:events'
import {fileError} from '../system/file-errors.js'

/** `json` as a line; spread out for the eye on a terminal. */
export function jsonText(json: unknown, stream: {isTTY?: boolean} = process.stdout): string {
  return `${JSON.stringify(json, null, stream.isTTY === true ? 2 : 0)}\n`
}

/** Writes a result to stdout and waits where the reader is slower than we are. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Lets a reader that leaves early (`| head`) end the program quietly; any other failure of stdout or stderr goes to `onBroken`. */
export function watchStandardStreams(onBroken: (error: unknown) => void): void {
  for (const [name, stream] of [
    ['stdout', process.stdout],
    ['stderr', process.stderr],
  ] as const) {
    // oclif's own listener throws.
    stream.removeAllListeners('error')
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      onBroken(fileError(error, name))
    })
  }
}

/** Waits until everything that was written has left the process. */
export async function flushed(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  )
}

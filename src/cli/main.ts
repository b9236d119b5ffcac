import {dirname} from 'node:path'
import pc from 'picocolors'
import {wantsJson} from './argv.js'
import {dispatch} from './dispatch.js'
import {flushed, isClosedPipe, jsonText, watchStandardStreams} from './output.js'
import {describeError, errorText} from './report-error.js'
import {usageError} from './usage-error.js'

/** Runs one command line and leaves the process with its exit code. `program` is the path of bin/run.js. */
export async function main(argv: readonly string[], program: string): Promise<void> {
  // Where stdout is broken, only stderr can say so.
  watchStandardStreams((error) => process.exit(tell(error, [])))
  // Node would print the stack, and of a bundle the source.
  process.on('uncaughtException', (error) => process.exit(tell(error, argv)))
  let exitCode = 0
  try {
    await dispatch(argv, dirname(dirname(program)))
  } catch (error) {
    exitCode = isClosedPipe(error) ? 0 : tell(error, argv)
  }
  await flushed()
  process.exit(exitCode)
}

function tell(thrown: unknown, argv: readonly string[]): number {
  const error = usageError(thrown, {name: 'polar', argv, flagNames: []}) ?? thrown
  const report = describeError(error)
  if (wantsJson(argv)) process.stdout.write(jsonText({...report.result, error: report.json}))
  else process.stderr.write(errorText(report, pc.createColors(pc.isColorSupported && process.stderr.isTTY === true).red))
  if (process.env['POLAR_DEBUG'] !== undefined) console.error(error)
  return report.exitCode
}

import {Command, Flags, type Interfaces} from '@oclif/core'
import {Interrupted} from '../errors.js'
import {normaliseArgv, wantsJson} from './argv.js'
import {applyConfigFile} from './config-file.js'
import {watchForInterruption, type Interruption} from './interruption.js'
import {jsonText} from './output.js'
import type {Progress} from './progress.js'
import {usageError, type CommandFacts} from './usage-error.js'

type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<(typeof PolarCommand)['baseFlags'] & T['flags']>
type ArgsOf<T extends typeof Command> = Interfaces.InferredArgs<T['args']>

/**
 * What all commands share: `--json`, `--quiet` and `--config`, defaults from polar.yaml, flags in the spelling of Hugging Face,
 * errors of the house, and signals. A command declares, calls once into src, and returns what `--json` prints.
 */
export abstract class PolarCommand<T extends typeof Command> extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {
    json: Flags.boolean({summary: 'Print the result, or the error, as JSON on stdout', helpGroup: 'GLOBAL'}),
    quiet: Flags.boolean({summary: 'Say nothing but results, warnings and errors', helpGroup: 'GLOBAL'}),
    config: Flags.string({
      summary: 'Defaults for flags [default: polar.yaml, where there is one]',
      helpGroup: 'GLOBAL',
      helpValue: 'FILE',
    }),
  }

  protected flags!: FlagsOf<T>
  protected args!: ArgsOf<T>
  #interruption: Interruption | undefined
  #progress: Progress | undefined

  /** Fires at the first Ctrl-C or SIGTERM. From the first use on, a command must end in good order once it has fired. */
  protected get signal(): AbortSignal {
    this.#interruption ??= watchForInterruption(
      () => this.notice('stopping after the work in hand; Ctrl-C again leaves at once'),
      () => this.#progress?.stop(), // or the cursor stays hidden
    )
    return this.#interruption.signal
  }

  /** Says something beside the result, on stderr; not under `--quiet`. */
  protected notice(message: string): void {
    if (this.flags?.quiet !== true) this.#tell(message)
  }

  /** The bar, or the lines, that show how far this command has come; taken away when the command ends. */
  protected async progress(): Promise<Progress> {
    const {createProgress} = await import('./progress.js')
    if (this.#progress !== undefined) return this.#progress
    const progress = createProgress({quiet: this.flags.quiet})
    this.#progress = progress
    // However the process ends, the cursor must be there again.
    process.once('exit', progress.stop)
    return progress
  }

  /** Says on stderr what the user should not miss. */
  override warn(input: Error | string): Error | string {
    this.#tell(`Warning: ${input instanceof Error ? input.message : input}`)
    return input
  }

  protected override async init(): Promise<void> {
    await super.init()
    this.argv = normaliseArgv(this.argv)
    this.argv = await applyConfigFile(this.argv, this.config, this.ctor)
    const parsed = await this.parse({
      flags: this.ctor.flags,
      baseFlags: this.ctor.baseFlags,
      args: this.ctor.args,
      enableJsonFlag: this.ctor.enableJsonFlag,
      strict: this.ctor.strict,
    })
    // oclif's types cannot follow `this.ctor` back to T.
    this.flags = parsed.flags as FlagsOf<T>
    this.args = parsed.args as ArgsOf<T>
  }

  protected override async catch(error: Error): Promise<never> {
    const signal = this.#interruption?.received()
    const stopped = error instanceof Interrupted || error.name === 'AbortError'
    if (signal !== undefined && stopped) {
      const told = error instanceof Interrupted ? error : new Interrupted(`stopped by ${signal}`, {cause: error})
      throw new Interrupted(told.message, {signal, suggestions: told.suggestions, facts: told.facts, cause: error})
    }
    throw usageError(error, this.#facts()) ?? error
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    this.#interruption?.end()
    this.#progress?.stop()
    await super.finally(error)
  }

  override jsonEnabled(): boolean {
    return wantsJson(this.argv)
  }

  override logJson(json: unknown): void {
    process.stdout.write(jsonText(json))
  }

  #tell(line: string): void {
    if (this.#progress === undefined) process.stderr.write(`${line}\n`)
    else this.#progress.note(line)
  }

  #facts(): CommandFacts {
    const flags = Object.entries({...this.ctor.baseFlags, ...this.ctor.flags})
    return {
      name: `${this.config.bin} ${(this.id ?? '').replaceAll(':', ' ')}`,
      argv: this.argv,
      flagNames: flags.filter(([, flag]) => flag.hidden !== true).flatMap(([name, flag]) => [name, ...(flag.aliases ?? [])]),
    }
  }
}

import {Interrupted} from '../errors.js'

/** What watching for SIGINT and SIGTERM gives. */
export interface Interruption {
  /** Fires at the first SIGINT or SIGTERM; its reason is an {@link Interrupted}. */
  readonly signal: AbortSignal
  /** Which one came, once one has. */
  received(): 'SIGINT' | 'SIGTERM' | undefined
  /** Gives the signals back to Node. */
  end(): void
}

/** The part of `process` that is needed. */
export interface SignalSource {
  on(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  off(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  kill(pid: number, name: 'SIGINT' | 'SIGTERM'): unknown
  readonly pid: number
}

/**
 * Turns the first SIGINT or SIGTERM into an abort, after telling `announce`; the second leaves at once after `leave`, by the signal
 * itself (a shell sees 130 or 143): `process.exit` would wait for the thread that computes.
 */
export function watchForInterruption(
  announce: (name: 'SIGINT' | 'SIGTERM') => void,
  leave: () => void = () => {},
  source: SignalSource = process,
): Interruption {
  const controller = new AbortController()
  let received: 'SIGINT' | 'SIGTERM' | undefined
  const onSignal = (name: 'SIGINT' | 'SIGTERM'): void => {
    if (received !== undefined) {
      end()
      leave()
      source.kill(source.pid, name)
      return
    }
    received = name
    announce(name)
    controller.abort(new Interrupted(`stopped by ${name}`, {signal: name}))
  }
  const onInterrupt = (): void => onSignal('SIGINT')
  const onTerminate = (): void => onSignal('SIGTERM')
  const end = (): void => {
    source.off('SIGINT', onInterrupt)
    source.off('SIGTERM', onTerminate)
  }
  source.on('SIGINT', onInterrupt)
  source.on('SIGTERM', onTerminate)
  return {
    signal: controller.signal,
    received: () => received,
    end,
  }
}

import {PolarError} from '../../errors.js'

/** More threads than any machine has; ONNX Runtime would try to start them all. */
const MOST = 1024

/** Throws FLAG_INVALID for what is no number of threads: callers of the library can pass any. */
export function checkThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST) return
  throw new PolarError('usage', 'FLAG_INVALID', `threads is ${threads}; it can be 1 to ${MOST}`, {
    suggestions: ['leave threads out: one a core'],
    facts: {threads},
  })
}

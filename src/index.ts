/** The library: what `import … from 'polar-rm'` gives. */
export {EXIT_CODES, Interrupted, PolarError, type ErrorCodes, type ErrorDetails, type ErrorKind} from './errors.js'

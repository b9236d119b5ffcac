import {dirname, parse, relative, sep} from 'node:path'
import {PolarError} from '../../errors.js'

/**
 * The deepest folder that holds all of these files, whose paths must have their links resolved. ONNX Runtime takes external data from
 * one folder and refuses what a link leads out of it; named from here, the blobs of Hugging Face's cache lie inside. Throws MODEL_UNSUPPORTED where no folder holds them all.
 */
export function externalFolder(files: readonly string[]): string {
  let folder = dirname(files[0] ?? '.')
  for (const file of files) {
    while (relative(folder, file).startsWith(`..${sep}`)) {
      if (folder === parse(folder).root) {
        throw new PolarError('environment', 'MODEL_UNSUPPORTED', `${file} lies on another drive than ${files[0]}`, {
          suggestions: ['put the checkpoint and POLAR_HOME on one drive'],
          facts: {file, other: files[0]},
        })
      }
      folder = dirname(folder)
    }
  }
  return folder
}

/** `file` as external data names it: its path below `folder`, with slashes. */
export function externalLocation(folder: string, file: string): string {
  return relative(folder, file).split(sep).join('/')
}

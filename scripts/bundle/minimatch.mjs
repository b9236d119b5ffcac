/** oclif matches the names of plugins with it, and ours are written out. */
export const minimatch = (name, pattern) => name === pattern

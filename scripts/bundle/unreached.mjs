// Stands in the bundle for packages that oclif loads at start and that the built program never needs: the manifest spares it the
// search for commands (tinyglobby) and npm's `engines` the check of Node's version (semver); `isWsl` only names the platform.
export const isWsl = false

// The rules of the house that a machine can check: who may import whom (bin → commands → src; in src journeys → parts → ground)
// and which one file or room owns a package.

/** Package → where it may be imported. */
const owners = {
  '@oclif/core': ['src/cli/', 'commands/'],
  picocolors: ['src/cli/'],
  'string-width': ['src/cli/'],
  'cli-progress': ['src/cli/progress.ts'],
  execa: ['src/system/process.ts'],
  ndjson: ['src/rows/'],
  'hyparquet-writer': ['src/data/repair/parquet-file.ts'],
  yaml: ['src/cli/config-settings.ts', 'src/finetune/recipe.ts'],
  'onnxruntime-node': ['src/reward-models/onnx/session.ts', 'src/reward-models/onnx/session-worker.ts'],
}

const journeys = ['scoring', 'finetune', 'data', 'serving', 'models', 'environments']
const parts = ['reward-models', 'engines', 'encoding', 'rows']

/** Room → rooms that it may not look into. */
const forbiddenRooms = {
  'src/system/': ['cli', ...journeys, ...parts],
  'src/errors.ts': ['cli', 'system', ...journeys, ...parts],
  'src/rows/': ['cli', 'reward-models', 'engines', 'encoding', ...journeys],
  'src/encoding/': ['cli', 'reward-models', 'engines', ...journeys],
  'src/reward-models/': ['cli', ...journeys],
  'src/engines/': ['cli', ...journeys],
  ...Object.fromEntries(journeys.map((journey) => [`src/${journey}/`, ['cli']])),
  'src/cli/': [],
  'src/index.ts': ['cli'],
  'commands/': [],
}

const pattern = (place) => (place.endsWith('/') ? `${place}**` : place)

/** `src/cli/` stands over `src/cli/progress.ts`: whether what is granted to `owner` is granted to files of `place`. */
const grants = (owner, place) => place.startsWith(owner)

function restrictions(place) {
  const rooms = Object.entries(forbiddenRooms).find(([room]) => place.startsWith(room))?.[1] ?? []
  const packages = Object.entries(owners).filter(([, places]) => !places.some((owner) => grants(owner, place)))
  return {
    patterns: [
      ...packages.map(([name, places]) => ({
        regex: `^${name}(/|$)`,
        message: `${name} is imported by ${places.join(' and ')} only (design: one package, one owner).`,
      })),
      ...(rooms.length === 0
        ? []
        : [
            {
              regex: `^\\.{1,2}/(?:.*/)?(${rooms.join('|')})/`,
              message: `${place} may not look into this room: imports go down, never up.`,
            },
          ]),
      ...(place.startsWith('src/')
        ? [{regex: '^\\.{1,2}/(?:.*/)?(commands|bin|test|bench)/', message: 'src is below commands, bin and tests.'}]
        : []),
    ],
  }
}

const places = [...new Set([...Object.keys(forbiddenRooms), ...Object.values(owners).flat()])]
// The last override that matches a file wins, so the narrower place comes last.
places.sort((a, b) => a.length - b.length)

export default {
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'vitest'],
  categories: {correctness: 'error', suspicious: 'error'},
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'import/no-cycle': 'error',
    'no-await-in-loop': 'off',
    'no-shadow': 'off',
    'no-underscore-dangle': 'off',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default-member': 'off',
    'no-control-regex': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/require-to-throw-message': 'off',
    'vitest/valid-expect': ['error', {maxArgs: 2}],
    'vitest/expect-expect': ['error', {assertFunctionNames: ['expect', 'fc.assert']}],
    'unicorn/require-post-message-target-origin': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/consistent-function-scoping': 'off',
    // With types known, these ask for more words and find no fault.
    'typescript/consistent-return': 'off',
    'typescript/no-base-to-string': 'off',
    'typescript/no-meaningless-void-operator': 'off',
    'typescript/no-misused-spread': 'off',
    'typescript/no-unnecessary-boolean-literal-compare': 'off',
    'typescript/no-unnecessary-type-conversion': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/require-array-sort-compare': 'off',
    'typescript/restrict-template-expressions': 'off',
    'typescript/unbound-method': 'off',
  },
  overrides: [
    ...places.map((place) => ({files: [pattern(place)], rules: {'no-restricted-imports': ['error', restrictions(place)]}})),
    {files: ['src/**', 'commands/**'], rules: {'no-console': 'error'}},
    {files: ['src/cli/**', 'test/**', 'bench/**'], rules: {'no-console': 'off'}},
    {files: ['test/**'], rules: {'typescript/no-non-null-assertion': 'off'}},
  ],
  ignorePatterns: ['dist/**', 'templates/**', 'models/**', 'test/fixtures/recorded/**'],
}

/** What every run with the bundled stand-in must say. */
export const PLACEHOLDER_NOTICE =
  'polar-nano is a stand-in with pseudo-random weights: its rewards mean nothing. Name a real model: --model DIRECTORY or --model internlm/POLAR-7B'

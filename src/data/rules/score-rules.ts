import type {Rule} from './rule.js'

/** What `polar score` refuses in a row, by the codes with which it does. */
export const scoreRules = {
  ROW_INVALID: {
    severity: 'error',
    effect: 'stops',
    what: 'a row that polar score cannot read',
    why: 'the row gets no reward',
    fix: 'a row is {"prompt": …, "reference": …, "output": …}, each a text or a list of messages',
    mended: false,
  },
  KEY_NOT_FOUND: {
    severity: 'error',
    effect: 'stops',
    what: 'prompt, reference or output is not there',
    why: 'the row gets no reward',
    fix: 'name the columns with --prompt-key, --reference-key and --output-key of polar score',
    mended: false,
  },
  CONTROL_TOKEN_IN_TEXT: {
    severity: 'error',
    effect: 'stops',
    what: 'a control token that is alive in the text',
    why: 'its reward would be read elsewhere, so polar score refuses the row',
    fix: 'leave the row out, or score it with --control-tokens allow',
    mended: false,
  },
} as const satisfies Record<string, Rule>

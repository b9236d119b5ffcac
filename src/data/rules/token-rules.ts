import type {Rule} from './rule.js'

/** What the length limits do to rows; found only with a tokenizer. */
export const tokenRules = {
  PAIR_EQUAL_AFTER_CUT: {
    severity: 'warning',
    effect: 'wasteful',
    what: 'chosen and rejected have the same tokens once they are cut',
    why: 'the loss of such a pair is ln 2 for ever',
    fix: 'raise --max-response-length, or leave the row out',
    mended: false,
  },
  PAIR_DROPPED: {
    severity: 'warning',
    effect: 'dropped',
    what: 'chosen and rejected together are longer than a pack',
    why: 'xtuner drops the pair with one line in the log',
    fix: 'max_packed_length of at least twice max_length',
    mended: false,
  },
  ALL_DROPPED: {
    severity: 'error',
    effect: 'stops',
    what: 'every pair is longer than a pack',
    why: 'nothing is left to train on, and xtuner stops',
    fix: 'max_packed_length of at least twice max_length',
    mended: false,
  },
  ROW_CUT: {
    severity: 'warning',
    effect: 'cut',
    what: 'a part that is longer than its limit',
    why: 'a prompt loses its beginning, an answer its end',
    fix: 'raise the limits, or shorten the row',
    mended: false,
  },
  NO_ROOM_FOR_PROMPT: {
    severity: 'warning',
    effect: 'trains wrongly',
    what: 'answers that leave the prompt no room',
    why: 'the arithmetic of xtuner then keeps nearly the whole prompt, and the sequence is over max_length',
    fix: 'choose the limits so that 2 × max_response_length + 4 < max_length',
    mended: false,
  },
  LIMITS_LEAVE_NO_ROOM: {
    severity: 'warning',
    effect: 'trains wrongly',
    what: 'limits under which two full answers leave the prompt no room',
    why: 'xtuner says nothing, and sequences are longer than max_length',
    fix: 'choose the limits so that 2 × max_response_length + 4 < max_length',
    mended: false,
  },
} as const satisfies Record<string, Rule>

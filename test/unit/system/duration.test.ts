import {expect, test} from 'vitest'
import {durationText} from '../../../src/system/duration.js'

test.each([
  [0.44, '0.4 s'],
  [89, '89 s'],
  [90, '2 min'],
  [3600, '60 min'],
  [12_000, '3 h 20 min'],
  [259_200, '3 days'],
])('%d s reads %j', (seconds, text) => expect(durationText(seconds)).toBe(text))

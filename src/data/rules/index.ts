import {jsonRules} from './json-rules.js'
import {pairRules} from './pair-rules.js'
import type {Rule} from './rule.js'
import {scoreRules} from './score-rules.js'
import {shapeRules} from './shape-rules.js'
import {tokenRules} from './token-rules.js'

const table = {...jsonRules, ...shapeRules, ...pairRules, ...tokenRules, ...scoreRules}

export type RuleCode = keyof typeof table

/** All rules of `polar data validate`, by code. */
export const RULES: Readonly<Record<RuleCode, Rule>> = table

import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {createBpe} from '../../../src/encoding/tokenizer/bpe.js'
import {createTextEncoder} from '../../../src/encoding/tokenizer/chunks.js'
import {createMergeTable} from '../../../src/encoding/tokenizer/merge-table.js'
import {buildPieceTexts} from '../../../src/encoding/tokenizer/piece-texts.js'
import {scoreMerges} from '../../../src/encoding/tokenizer/score-merges.js'
import {createVocabulary} from '../../../src/encoding/tokenizer/vocabulary.js'
import {basicPieces, type Piece} from '../../fixtures/sentencepiece-file.js'

const alphabet = ['a', 'b', 'c', 'é', '中', '😀', '▁']

function vocabularyOf(pieces: readonly Piece[]) {
  const builder = buildPieceTexts()
  for (const [text] of pieces) builder.append(text)
  return createVocabulary(builder.done())
}

function unitsOf(text: string): Uint16Array {
  return Uint16Array.from({length: text.length}, (_, at) => text.charCodeAt(at))
}

/** The definition: of all neighbours that merge, the first of the lowest rank, until none does. Rank is transformers' order. */
function plainBpe(pieces: readonly Piece[], text: string): number[] {
  const ids = new Map(pieces.map(([piece], id) => [piece, id]))
  const merges: {left: string; right: string; score: number}[] = []
  for (const [piece, score = 0] of pieces) {
    const characters = [...piece]
    for (let at = 1; at < characters.length; at++) {
      const left = characters.slice(0, at).join('')
      const right = characters.slice(at).join('')
      if (ids.has(left) && ids.has(right)) merges.push({left, right, score})
    }
  }
  merges.sort((a, b) => b.score - a.score || [...b.left].length - [...a.left].length || [...b.right].length - [...a.right].length)
  const ranks = new Map(merges.map(({left, right}, rank) => [`${left} ${right}`, rank]))
  let symbols = [...text].flatMap((character) =>
    ids.has(character) ? [character] : [...Buffer.from(character)].map((byte) => basicPieces()[byte + 3]![0]),
  )
  for (;;) {
    const found = symbols.slice(1).map((right, at) => ranks.get(`${symbols[at]} ${right}`) ?? Infinity)
    const best = Math.min(...found)
    if (best === Infinity) return symbols.map((symbol) => ids.get(symbol)!)
    const at = found.indexOf(best)
    symbols = [...symbols.slice(0, at), symbols[at]! + symbols[at + 1]!, ...symbols.slice(at + 2)]
  }
}

describe('any vocabulary, any text', () => {
  const piece = fc.tuple(
    fc.array(fc.constantFrom(...alphabet), {minLength: 1, maxLength: 5}).map((units) => units.join('')),
    fc.integer({min: -6, max: 0}),
  )
  const vocabulary = fc
    .uniqueArray(piece, {maxLength: 60, selector: ([text]) => text})
    .map((extra): Piece[] => [...basicPieces(), ...extra])
  const text = fc.array(fc.constantFrom(...alphabet, 'z'), {maxLength: 30}).map((units) => units.join(''))

  test('cut into chunks or not, remembered or not, ids are those of the definition', () => {
    fc.assert(
      fc.property(vocabulary, fc.array(text, {maxLength: 4}), (pieces, texts) => {
        const loaded = vocabularyOf(pieces)
        const bpe = createBpe(
          loaded,
          scoreMerges(
            loaded,
            Float32Array.from(pieces, ([, score = 0]) => score),
          ),
          0x20,
        )
        const encodeText = createTextEncoder(loaded, bpe, 0x20)
        for (const given of [...texts, ...texts]) {
          const expected = plainBpe(pieces, given)
          const spaced = given.replaceAll('▁', ' ')
          const whole: number[] = []
          bpe(unitsOf(spaced), spaced.length, whole)
          const chunked: number[] = []
          encodeText(spaced, 0, spaced.length, chunked)
          expect({whole, chunked}).toEqual({whole: expected, chunked: expected})
        }
      }),
      {numRuns: 150},
    )
  })

  test('long chunks, which merge by a heap, have the ids of the definition', () => {
    fc.assert(
      fc.property(
        vocabulary,
        fc.array(fc.constantFrom('a', 'b', 'ab', '▁'), {minLength: 70, maxLength: 130}),
        (pieces, units) => {
          const loaded = vocabularyOf(pieces)
          const bpe = createBpe(
            loaded,
            scoreMerges(
              loaded,
              Float32Array.from(pieces, ([, score = 0]) => score),
            ),
            0x2581,
          )
          const given = units.join('')
          const ids: number[] = []
          bpe(unitsOf(given), given.length, ids)
          expect(ids).toEqual(plainBpe(pieces, given))
        },
      ),
      {numRuns: 40},
    )
  })
})

describe('the merge table', () => {
  test('holds what was set, and grows', () => {
    const table = createMergeTable()
    for (let at = 0; at < 20_000; at++) table.set(at, at * 7, {id: at + 1, rank: at / 2})
    const wrong = Array.from({length: 20_000}, (_, at) => at).filter((at) => {
      const slot = table.slotOf(at, at * 7)
      return table.ids(slot) !== at + 1 || table.ranks(slot) !== at / 2
    })
    expect(wrong).toEqual([])
    expect(table.ids(table.slotOf(3, 3))).toBe(-1)
  })
  test('asks once for what it does not know, and again only after it forgot', () => {
    const asked: number[] = []
    const table = createMergeTable({
      limit: 1000,
      resolve: (left) => {
        asked.push(left)
        return left % 2 === 0 ? {id: left, rank: 1} : undefined
      },
    })
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 900; at++) expect(table.ids(table.slotOf(at, 1))).toBe(at % 2 === 0 ? at : -1)
    }
    expect(asked.length).toBe(900)
    for (let at = 0; at < 3000; at++) table.slotOf(at, 1)
    expect(table.ids(table.slotOf(8, 1))).toBe(8)
    expect(table.ids(table.slotOf(9, 1))).toBe(-1)
  })
})

import {readFileSync} from 'node:fs'

/**
 * How the weights of a linear layer are stored, 8 bits each with one scale for each output:
 * `unsigned` as 128 more than their value; `signed`; `signed-pairs`, signed and so small that the products of two neighbours
 * cannot leave 16 bits.
 */
export type WeightForm = 'unsigned' | 'signed' | 'signed-pairs'

/** One way to quantise a net. Its name is a part of the name of the file that holds the result. */
export interface Q8Scheme {
  readonly name: 'u8' | 's8'
  /** `part` is the layer's last name: `wqkv`, `wo`, `w1`, `w2`, `w3`. */
  form(part: string): WeightForm
}

/**
 * x86 without VNNI: ONNX Runtime multiplies uint8 with int8 by `vpmaddubsw`, which adds two products in 16 bits and saturates
 * silently (errors of 72 % of the rewards' deviation on the fixtures), and uint8 with uint8 exactly but slower. So int8 is
 * used only for w2, whose rotated weights lose next to nothing by being limited.
 */
const unsigned: Q8Scheme = {name: 'u8', form: (part) => (part === 'w2' ? 'signed-pairs' : 'unsigned')}

/** Where products are added in 32 bits. */
const signed: Q8Scheme = {name: 's8', form: () => 'signed'}

/**
 * The scheme for a processor: `arch` as Node names it, `flags` as Linux lists them. One that is not known gets the scheme that
 * is exact everywhere.
 */
export function q8Scheme(arch: string, flags: ReadonlySet<string>): Q8Scheme {
  const adds32 = arch === 'arm64' || flags.has('avx512_vnni') || flags.has('avx_vnni')
  return adds32 ? signed : unsigned
}

/** Flags of this machine's processor; none where the system does not list them. */
export function cpuFlags(): Set<string> {
  try {
    const line = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))
    return new Set(line?.[1]?.trim().split(/\s+/))
  } catch {
    return new Set()
  }
}

import type {ModelConfig} from './config.js'

/** Cosines and sines of each position's angles, float32 `[positions, headSize / 2]` row by row. */
export interface RotaryTable {
  readonly positions: number
  readonly cos: Float32Array
  readonly sin: Float32Array
}

/** Whether a text of this many tokens has a rotary base of its own (dynamic scaling past the limit), so that it can share neither a run nor a prefix with others. */
export function hasOwnRopeBase(config: ModelConfig, tokens: number): boolean {
  return config.ropeScaling.type === 'dynamic' && tokens > config.maxPositions
}

/** Base of the angles of a text: `θ · (factor · n / max − (factor − 1))^(d / (d − 2))` past the limit of dynamic scaling, else `θ`. */
function ropeBase(config: ModelConfig, tokens: number): number {
  const {ropeScaling, ropeTheta, maxPositions, headSize} = config
  if (ropeScaling.type !== 'dynamic' || tokens <= maxPositions) return ropeTheta
  const {factor} = ropeScaling
  return ropeTheta * ((factor * tokens) / maxPositions - (factor - 1)) ** (headSize / (headSize - 2))
}

/**
 * Angles for `positions` positions of a text of `tokens` tokens. Every step is rounded to float32 as in `modeling_internlm2.py`,
 * where a late position's angle is off by as much as 1e-4: the net was trained with these.
 */
export function rotaryTable(config: ModelConfig, tokens: number, positions: number): RotaryTable {
  const half = config.headSize / 2
  const base = Math.fround(ropeBase(config, tokens))
  const factor = config.ropeScaling.type === 'linear' ? config.ropeScaling.factor : 1
  const frequencies = Float32Array.from({length: half}, (_, i) =>
    Math.fround(1 / Math.fround(base ** Math.fround((2 * i) / config.headSize))),
  )
  const cos = new Float32Array(positions * half)
  const sin = new Float32Array(positions * half)
  for (let position = 0; position < positions; position++) {
    const scaled = Math.fround(position / factor)
    for (const [i, frequency] of frequencies.entries()) {
      const angle = Math.fround(scaled * frequency)
      cos[position * half + i] = Math.cos(angle)
      sin[position * half + i] = Math.sin(angle)
    }
  }
  return {positions, cos, sin}
}

/** One message of a trajectory. Roles and other keys are ignored, as upstream does. */
export interface Message {
  readonly content: string
}

/** A text, or a list of messages whose contents are joined by `\n`. */
export type Trajectory = string | readonly Message[]

/** What upstream's client scores: how well `output` agrees with `reference` as an answer to `prompt`. */
export interface Row {
  readonly prompt: Trajectory
  readonly reference: Trajectory
  readonly output: Trajectory
  /** Only the exact string `pretrain` has a meaning (no line break between the parts); anything else counts as `sft`. */
  readonly wrapper?: unknown
}

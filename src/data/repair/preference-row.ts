/** A preference row in canonical form: what xtuner reads, and nothing else. */
export interface PreferenceRow {
  readonly prompt: readonly PreferenceMessage[]
  readonly reference: readonly PreferenceMessage[]
  readonly chosen: readonly PreferenceMessage[]
  readonly rejected: readonly PreferenceMessage[]
  readonly wrapper: 'sft' | 'pretrain'
}

export interface PreferenceMessage {
  /** Null where the row has none; training ignores it. */
  readonly role: string | null
  readonly content: string
}

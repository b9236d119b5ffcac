import {SCORE_TOKEN} from '../../encoding/format-tokens.js'
import {readTokenizerSettings} from '../../encoding/tokenizer/tokenizer-settings.js'
import type {Checkpoint} from './checkpoint.js'

/**
 * A line for the user where `reward_token_id` of the config is not the id that the tokenizer gives the token at which rewards are read.
 * No refusal: what scores texts reads the last token, whatever its id (`modeling_internlm2.py`). Nothing to say where either is unknown.
 */
export async function rewardTokenNotice({config, directory, tokenizerFiles}: Checkpoint): Promise<string | undefined> {
  if (config.rewardTokenId === undefined || tokenizerFiles.length === 0) return undefined
  const {declared} = await readTokenizerSettings(directory)
  const token = declared.find(({content}) => content === SCORE_TOKEN)
  if (token === undefined || token.id === config.rewardTokenId) return undefined
  return `config.json says reward_token_id ${config.rewardTokenId}, the tokenizer gives ${SCORE_TOKEN} the id ${token.id}: is this tokenizer the checkpoint's own?`
}

import {homedir} from 'node:os'
import {join} from 'node:path'

/** Where environments, quantised weights and server logs live: `POLAR_HOME`, else `polar/` in the XDG data directory. */
export function polarHome(env: NodeJS.ProcessEnv = process.env): string {
  return env['POLAR_HOME'] || join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'polar')
}

/** Hugging Face's model cache: `HF_HUB_CACHE`, else `hub/` in `HF_HOME`, else its default (huggingface_hub's constants.py). */
export function hubCache(env: NodeJS.ProcessEnv = process.env): string {
  if (env['HF_HUB_CACHE']) return env['HF_HUB_CACHE']
  return join(env['HF_HOME'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'huggingface'), 'hub')
}

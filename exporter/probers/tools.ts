/** What all probers of a process share. */
import { CONTEXTS, type SecureContexts } from './contexts.ts'
import { type NameFiles, SYSTEM_NAMES } from './name-files.ts'

export interface Tools {
  readonly names: NameFiles
  readonly contexts: SecureContexts
}

/** Names as this machine knows them. */
export const TOOLS: Tools = { names: SYSTEM_NAMES, contexts: CONTEXTS }

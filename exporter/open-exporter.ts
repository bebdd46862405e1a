/** An exporter with the state that an earlier one left, alone on its directory. */
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from './config/schema.ts'
import { Exporter } from './exporter.ts'
import type { Logger } from './logging.ts'
import { loadState } from './state/load-state.ts'
import { lockState } from './state/state-lock.ts'

/** The exporter, with what gives its state directory free; or why there can be none. */
export type Opened =
  | {
      readonly type: 'opened'
      readonly exporter: Exporter
      readonly release: () => Promise<void>
    }
  | { readonly type: 'refused'; readonly why: string }

/** Locks and reads the state directory, if one is configured. A state that cannot be used is put aside. */
export async function openExporter(config: Config, log: Logger): Promise<Opened> {
  const { path } = config.storage
  if (path === undefined) {
    return { type: 'opened', exporter: new Exporter(config, log), release: async () => undefined }
  }
  try {
    const lock = await lockState(path)
    if (lock.type === 'taken') {
      return {
        type: 'refused',
        why: `storage.path ${path}: another exporter keeps its state there`,
      }
    }
    const exporter = restored(path, config, log) ?? new Exporter(config, log)
    return { type: 'opened', exporter, release: lock.release }
  } catch (error) {
    return { type: 'refused', why: `storage.path ${path}: ${(error as Error).message}` }
  }
}

function restored(path: string, config: Config, log: Logger): Exporter | undefined {
  const state = loadState(path)
  if (state.type === 'none') {
    log.info('no state yet: counters begin at 0', { path })
    return undefined
  }
  try {
    if (state.type === 'unusable') throw new Error(state.why)
    const exporter = new Exporter(config, log)
    exporter.restore(state)
    return exporter
  } catch (error) {
    log.error('the state cannot be used: counters begin at 0', { path, error })
    renameSync(join(path, 'state'), join(path, 'state.unusable'))
    return undefined
  }
}

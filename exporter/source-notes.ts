/** What a person should hear of a source's paths before anything is read. */
import { statSync } from 'node:fs'
import { logDialectNamed } from '../qlog-parsers/index.ts'
import type { SourceConfig } from './config/schema.ts'
import type { Logger } from './logging.ts'

/** Paths that are not there yet, and directories in which no log will be found. */
export function tellPaths({ name, paths, include, dialect }: SourceConfig, log: Logger): void {
  const isLog = logDialectNamed(dialect) !== undefined
  const wantsQlogOnly = include.every((pattern) => /qlog$/.test(pattern))
  for (const path of paths) {
    const kind = kindOf(path)
    if (kind === 'nothing') log.warn('a path is not there yet', { source: name, path })
    else if (kind === 'directory' && isLog && wantsQlogOnly) {
      const why = `logs of dialect ${dialect} are not called so: set include, or name the file`
      log.warn('of a directory only qlog files would be read', { source: name, path, why })
    }
  }
}

function kindOf(path: string): 'nothing' | 'directory' | 'other' {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return 'nothing'
    return stats.isDirectory() ? 'directory' : 'other'
  } catch {
    // The first look at it will say why.
    return 'other'
  }
}

import { readFileSync } from 'node:fs'

/** What built it, where the build says so. */
export const REVISION: string = process.env.QUIC_LB_EXPORTER_REVISION || 'unknown'

/** The package's version, from the nearest package.json above (the sources' or the build's). */
export const VERSION: string = readVersion(['../package.json', '../../package.json'])

function readVersion(candidates: readonly string[]): string {
  for (const candidate of candidates) {
    try {
      const { version } = JSON.parse(readFileSync(new URL(candidate, import.meta.url), 'utf8'))
      return String(version)
    } catch {
      // The other place has it.
    }
  }
  return 'unknown'
}

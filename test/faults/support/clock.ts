import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExporterOptions } from './exporter.ts'

const SHIFTER = fileURLToPath(new URL('shift-clock.ts', import.meta.url))

/** How far a process's clocks are from the machine's, in ms. */
export interface Shift {
  /** The wall clock was set. */
  readonly wallMs: number
  /** Time went by, by all clocks. */
  readonly elapsedMs: number
}

/** Clocks of a process that a test moves. */
export interface Clock {
  /** With these options a process has this clock. */
  readonly options: Pick<ExporterOptions, 'imports' | 'env'>
  set(shift: Partial<Shift>): void
}

/** Makes a clock that shows the machine's time; `directory` holds what moves it. */
export function makeClock(directory: string): Clock {
  const path = join(directory, 'clock')
  const set = (shift: Partial<Shift>) => {
    // Renamed, so that it is never read half written.
    writeFileSync(`${path}.new`, JSON.stringify({ wallMs: 0, elapsedMs: 0, ...shift }))
    renameSync(`${path}.new`, path)
  }
  set({})
  return { options: { imports: [SHIFTER], env: { CLOCK_SHIFT: path } }, set }
}

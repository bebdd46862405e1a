/** What a person should hear when the configuration was read again. */
import type { Logger } from './logging.ts'

/** So many mistakes are told one by one. */
const MOST_MISTAKES = 10

/** Names of the sources that changed in some way, and of the sections that wait for the next start. */
export interface SourceChanges {
  readonly stopped: readonly string[]
  readonly changed: readonly string[]
  readonly started: readonly string[]
  readonly later: readonly string[]
}

/** How many are probed, and whether how they are is written otherwise than before. */
export interface ProbeChanges {
  readonly before: { readonly backends: number; readonly targets: number }
  readonly after: { readonly backends: number; readonly targets: number }
  readonly changed: boolean
}

/** Tells what changed, and nothing of what did not. */
export function tellReload(
  { later, ...sources }: SourceChanges,
  { before, after, changed }: ProbeChanges,
  log: Logger,
): void {
  const names = Object.entries(sources).filter(([, some]) => some.length > 0)
  log.info('configuration read again', {
    ...Object.fromEntries(names.map(([what, some]) => [what, some.join(',')])),
    probes: changed ? 'changed' : undefined,
    backends: step(before.backends, after.backends),
    front_doors: step(before.targets, after.targets),
  })
  if (later.length > 0) {
    log.warn('settings that count from the next start on', { sections: later.join(',') })
  }
}

/** Tells each mistake on a line of its own: together they would be cut before the point. */
export function tellMistakes(mistakes: readonly string[], log: Logger): void {
  for (const why of mistakes.slice(0, MOST_MISTAKES)) {
    log.error('the configuration is not good: the one before stays', { why })
  }
  const rest = mistakes.length - MOST_MISTAKES
  if (rest > 0) log.error('the configuration has more mistakes: try check-config', { more: rest })
}

function step(before: number, after: number): string | undefined {
  return before === after ? undefined : `${before} to ${after}`
}

import type { Config } from './schema.ts'

/** What a configuration makes the exporter do, in one line. */
export function summaryOf({ sources, backends, targets, probes }: Config): string {
  const probed = backends.filter(({ probe }) => probe !== undefined).length
  const files = probes.targetsFiles.length
  const discovering = sources.filter(({ discover }) => discover !== undefined).length
  return [
    `${sources.length} source(s)`,
    ...(probed > 0 ? [`${probed} backend(s) probed`] : []),
    ...(files > 0 ? [`${files} file(s) of more backends`] : []),
    ...(discovering > 0 ? [`${discovering} source(s) that name more`] : []),
    ...(targets.length > 0 ? [`${targets.length} front door(s) probed`] : []),
  ].join(', ')
}

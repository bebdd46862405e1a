/** The words of `inspect` that are the same for every kind of log. */
import type { Capabilities, DialectRules } from '../qlog-parsers/index.ts'
import { canGive, signalFamilies } from './collectors/presence.ts'
import { createPipeline } from './pipeline.ts'

/** What is said of a dialect. */
export interface InspectedDialect {
  readonly name: string
  readonly producers: string
  readonly advice: string
  readonly capabilities: Capabilities
  /** Set if only what its records show is in its capabilities. */
  readonly atMost?: Capabilities | undefined
  readonly rules: DialectRules
}

/** Which metrics can be had from it and which cannot, and what would help. */
export function capabilityText(dialect: InspectedDialect): string {
  const families = signalFamilies(createPipeline().metrics)
  const gives = families.filter((family) => canGive(family, dialect.capabilities))
  const lacks = families.filter((family) => !gives.includes(family))
  const list = (some: typeof families) =>
    some
      .map(({ spec }) => `    ${spec.name}`)
      .sort()
      .join('\n')
  return [
    `Metrics from ${dialect.name} (${dialect.producers})`,
    `  can be given${dialect.atMost ? ', as its records have shown' : ''} (${gives.length}):`,
    list(gives),
    `  cannot be given, and are absent, not zero (${lacks.length}):`,
    list(lacks),
    ...rulesText(dialect),
    `  to get more: ${dialect.advice}`,
    '',
  ].join('\n')
}

/** By which rule is known what writers show in different ways. */
function rulesText({ rules: { handshake, close, migration } }: InspectedDialect): string[] {
  return [
    `  a handshake is complete by: ${handshake.replaceAll('_', ' ')}`,
    `  a connection is over by:    ${close.replaceAll('_', ' ')}`,
    `  a client has moved by:      ${migration.replaceAll('_', ' ')}`,
  ]
}

/** One line of a file's report. */
export function labelled(label: string, text: string): string {
  return `  ${`${label}:`.padEnd(16)}${printable(text)}`
}

/** Counts in order of their names. */
export function countsText(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

/** Unix µs as ISO 8601. */
export function isoTime(us: number): string {
  return new Date(us / 1000).toISOString()
}

/** Adds one to a count. */
export function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

/** What a file says must not act on a terminal: control and direction characters are spelled out. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

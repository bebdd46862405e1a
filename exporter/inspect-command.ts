/** `inspect`: what each file is, what went wrong in it, and what our metrics can and cannot get from it. */

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import ndjson from 'ndjson'
import type { Dialect, QuicEvent } from '../qlog-parsers/index.ts'
import { canGive, signalFamilies } from './collectors/presence.ts'
import { type FileReport, inspectFile, inspectInPieces } from './inspect-file.ts'
import { createPipeline } from './pipeline.ts'
import { filesOf } from './replay.ts'

/** The report on all files, for people; throws what the file system throws. */
export function inspectReport(paths: readonly string[], maxRecordBytes: number): string {
  const reports = paths.flatMap(filesOf).map((path) => inspectAnyVantage(path, maxRecordBytes))
  const dialects = [...new Set(reports.flatMap(({ dialect }) => (dialect ? [dialect] : [])))]
  return [...reports.map(fileText), ...dialects.map(capabilityText)].join('\n')
}

/** The normalised events of all files as NDJSON, written as they are read. */
export async function inspectEvents(
  paths: readonly string[],
  maxRecordBytes: number,
  out: NodeJS.WritableStream,
): Promise<void> {
  const files = paths.flatMap(filesOf)
  await pipeline(Readable.from(eventsOf(files, maxRecordBytes)), ndjson.stringify(), out, {
    end: false,
  })
}

interface EventLine {
  readonly file: string
  readonly group: string
}

function* eventsOf(
  files: readonly string[],
  maxRecordBytes: number,
): Generator<EventLine & QuicEvent> {
  for (const path of files) {
    const lines: (EventLine & QuicEvent)[] = []
    const vantage = vantageOf(path, maxRecordBytes)
    const pieces = inspectInPieces(path, vantage, maxRecordBytes, (group, event) => {
      lines.push({ file: path, group, ...event })
    })
    while (pieces.next().done !== true) yield* lines.splice(0)
    yield* lines
  }
}

/** What the file's header says; server where it says nothing. */
function vantageOf(path: string, maxRecordBytes: number): 'server' | 'client' {
  const pieces = inspectInPieces(path, 'server', maxRecordBytes)
  let report = pieces.next()
  while (report.done !== true && report.value === undefined) report = pieces.next()
  const header = report.done === true ? report.value.header : report.value
  // Closes the file, wherever it stands.
  pieces.return(undefined as never)
  return header?.vantage === 'client' ? 'client' : 'server'
}

function inspectAnyVantage(path: string, maxRecordBytes: number): FileReport {
  const report = inspectFile(path, 'server', maxRecordBytes)
  return report.header?.vantage === 'client' ? inspectFile(path, 'client', maxRecordBytes) : report
}

function fileText(report: FileReport): string {
  const { header, dialect } = report
  const lines = [report.path]
  const add = (label: string, text: string) =>
    lines.push(`  ${`${label}:`.padEnd(16)}${printable(text)}`)
  if (header === undefined) {
    add(
      'dialect',
      report.records === 0 ? 'none: the file holds no whole record yet' : 'none: no qlog header',
    )
  } else {
    add('dialect', dialect?.name ?? notReadBecause(report))
    add('producer', producerText(report))
    add('vantage point', vantageText(header.vantage))
    add('declares', header.declaredVersion || 'no version')
  }
  add('records', String(report.records))
  if (report.firstAt !== undefined && report.lastAt !== undefined) {
    add('connections', String(report.connections))
    add('time span', spanText(report.firstAt, report.lastAt, header?.startedAtUs))
  }
  add('rejected', countsText(report.rejected) || 'none')
  if (report.rejectedValues > 0) add('bad values', String(report.rejectedValues))
  add('unknown events', countsText(report.unknown) || 'none')
  add('events', countsText(report.events) || 'none')
  return `${lines.join('\n')}\n`
}

function notReadBecause({ header }: FileReport): string {
  const isTrace = header?.vantage === 'server' || header?.vantage === 'client'
  return isTrace
    ? 'unknown: no dialect recognises this header'
    : 'not read: not the trace of one endpoint of a connection'
}

function producerText({ header, dialect }: FileReport): string {
  const named = [header?.title, header?.producerName, header?.codeVersion].filter(Boolean).join(' ')
  return [named || 'not named', dialect?.producers].filter(Boolean).join('; written like ')
}

function vantageText(vantage: string): string {
  return vantage === 'client' ? 'client (read only by a source with vantage: client)' : vantage
}

function spanText(first: number, last: number, startedAtUs: number | undefined): string {
  const seconds = `${(first / 1e6).toFixed(6)} s to ${(last / 1e6).toFixed(6)} s`
  if (startedAtUs === undefined) return `${seconds} (the producer gives no wall clock)`
  return `${seconds} after ${new Date(startedAtUs / 1000).toISOString()}`
}

function countsText(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}

function capabilityText(dialect: Dialect): string {
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
    `  can be given (${gives.length}):`,
    list(gives),
    `  cannot be given, and are absent, not zero (${lacks.length}):`,
    list(lacks),
    `  to get more: ${dialect.advice}`,
    '',
  ].join('\n')
}

/** What a file says must not act on a terminal: control and direction characters are spelled out. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

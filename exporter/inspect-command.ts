/** `inspect`: what each file is, what went wrong in it, and what our metrics can and cannot get from it. */

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import ndjson from 'ndjson'
import { eventClockUs, type QuicEvent, type TraceHeader } from '../qlog-parsers/index.ts'
import type { Config } from './config/schema.ts'
import { type FileReport, inspectFile, inspectInPieces } from './inspect-file.ts'
import { inspectLogEvents, inspectLogReport } from './inspect-log.ts'
import { capabilityText, countsText, isoTime, labelled } from './inspect-text.ts'
import { logInputOf } from './log-input.ts'
import { filesOf } from './replay.ts'

export interface InspectRequest {
  readonly paths: readonly string[]
  readonly events: boolean
  readonly dialect: string
  /** Name of the source in the configuration that the files are of. */
  readonly source: string
  readonly maxRecordBytes: number
}

/** Writes the report, or the events; throws what the file system throws. */
export async function inspect(
  request: InspectRequest,
  config: Config | undefined,
  out: NodeJS.WritableStream,
): Promise<void> {
  const { paths, events, maxRecordBytes } = request
  const known = config?.sources.find(({ name }) => name === request.source)
  const dialect = request.dialect === 'auto' ? (known?.dialect ?? 'auto') : request.dialect
  const log = logInputOf({ dialect, fields: known?.fields ?? {} }, () => {})
  if (log === undefined) {
    if (events) await inspectEvents(paths, maxRecordBytes, out)
    else out.write(await inspectReport(paths, maxRecordBytes))
  } else if (events) await inspectLogEvents(paths, log, maxRecordBytes, out)
  else out.write(await inspectLogReport(paths, log, maxRecordBytes))
}

/** The report on all files, for people; throws what the file system throws. */
export async function inspectReport(
  paths: readonly string[],
  maxRecordBytes: number,
): Promise<string> {
  const reports: FileReport[] = []
  for (const path of paths.flatMap((path) => filesOf(path))) {
    reports.push(await inspectAnyVantage(path, maxRecordBytes))
  }
  const dialects = [...new Set(reports.flatMap(({ dialect }) => (dialect ? [dialect] : [])))]
  return [...reports.map(fileText), ...dialects.map(capabilityText)].join('\n')
}

/** The normalised events of all files as NDJSON, written as they are read. */
export async function inspectEvents(
  paths: readonly string[],
  maxRecordBytes: number,
  out: NodeJS.WritableStream,
): Promise<void> {
  const files = paths.flatMap((path) => filesOf(path))
  await pipeline(Readable.from(eventsOf(files, maxRecordBytes)), ndjson.stringify(), out, {
    end: false,
  })
}

interface EventLine {
  readonly file: string
  readonly group: string
}

async function* eventsOf(
  files: readonly string[],
  maxRecordBytes: number,
): AsyncGenerator<EventLine & QuicEvent> {
  for (const path of files) {
    const lines: (EventLine & QuicEvent)[] = []
    const vantage = await vantageOf(path, maxRecordBytes)
    const pieces = inspectInPieces(path, vantage, maxRecordBytes, (group, event) => {
      lines.push({ file: path, group, ...event })
    })
    while ((await pieces.next()).done !== true) yield* lines.splice(0)
    yield* lines
  }
}

/** What the file's header says; server where it says nothing. */
async function vantageOf(path: string, maxRecordBytes: number): Promise<'server' | 'client'> {
  const pieces = inspectInPieces(path, 'server', maxRecordBytes)
  let report = await pieces.next()
  while (report.done !== true && report.value === undefined) report = await pieces.next()
  const header = report.done === true ? report.value.header : report.value
  // Closes the file, wherever it stands.
  await pieces.return(undefined as never)
  return header?.vantage === 'client' ? 'client' : 'server'
}

async function inspectAnyVantage(path: string, maxRecordBytes: number): Promise<FileReport> {
  const report = await inspectFile(path, 'server', maxRecordBytes)
  return report.header?.vantage === 'client' ? inspectFile(path, 'client', maxRecordBytes) : report
}

function fileText(report: FileReport): string {
  const { header, dialect } = report
  const lines = [report.path]
  const add = (label: string, text: string) => lines.push(labelled(label, text))
  if (header === undefined) {
    add(
      'dialect',
      report.records === 0
        ? 'none: the file holds no whole record yet'
        : 'none: no qlog header (any other kind of log needs --dialect NAME)',
    )
  } else {
    add('dialect', dialect?.name ?? notReadBecause(report))
    add('producer', producerText(report))
    add('vantage point', vantageText(header))
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

function vantageText({ vantage, vantageInferred }: TraceHeader): string {
  const text =
    vantage === 'client' ? 'client (read only by a source with vantage: client)' : vantage
  return vantageInferred ? `${text}, inferred: who sends first is the client` : text
}

function spanText(first: number, last: number, startedAtUs: number | undefined): string {
  const clock = eventClockUs({ startedAtUs: undefined }, first)
  if (clock !== undefined) return `${isoTime(clock)} to ${isoTime(last)}`
  const seconds = `${(first / 1e6).toFixed(6)} s to ${(last / 1e6).toFixed(6)} s`
  if (startedAtUs === undefined) return `${seconds} (the producer gives no wall clock)`
  return `${seconds} after ${isoTime(startedAtUs)}`
}

/** Files as a dialect writes them: the header of a recorded one, then records of a test's own. */
import { readFileSync } from 'node:fs'
import { renderStore } from '../../exporter/metrics/render.ts'
import type { OwnTraces } from '../../exporter/own-traces.ts'
import { createPipeline } from '../../exporter/pipeline.ts'
import { SourceReader } from '../../exporter/source-reader.ts'
import type { Dialect } from '../../qlog-parsers/index.ts'
import { fixtures } from './fixtures.ts'
import { type Page, parsePage } from './page.ts'

const RS = 0x1e
const LF = 0x0a

/** The header of a dialect as parsed JSON: its first record, or its one document without the events. */
// biome-ignore lint/suspicious/noExplicitAny: tests change whatever they like in it.
export function headerOf(dialect: string): any {
  const fixture = fixtures().find((one) => one.dialect === dialect && one.vantage === 'server')
  if (fixture === undefined) throw new Error(`no fixture of ${dialect}`)
  const bytes = readFileSync(fixture.path)
  if (!bytes.includes(LF)) {
    const { traces, ...root } = JSON.parse(bytes.toString())
    const { events: _, ...trace } = traces[0]
    return { ...root, trace }
  }
  return JSON.parse(bytes.subarray(bytes[0] === RS ? 1 : 0, bytes.indexOf(LF)).toString())
}

/** One record: text or bytes as they are, anything else as JSON. */
export type Written = string | Uint8Array | object

/** The bytes of a file of such records, each with an LF. */
export function fileOf(...records: readonly Written[]): Buffer {
  return Buffer.concat(
    records.flatMap((record) => [
      record instanceof Uint8Array
        ? record
        : Buffer.from(typeof record === 'string' ? record : JSON.stringify(record)),
      Buffer.from([LF]),
    ]),
  )
}

export interface ReadOptions {
  readonly vantage?: 'server' | 'client'
  readonly dialect?: Dialect
  readonly maxRecordBytes?: number
  readonly own?: OwnTraces
  /** Sizes of the pieces in which the file grows; the last is repeated. */
  readonly pieces?: readonly number[]
  /** Nothing will follow: what is open expires. */
  readonly ended?: boolean
}

/** Feeds the files to one source, each growing in pieces, as a tailer does; what the page then says. */
export async function read(files: readonly Uint8Array[], options: ReadOptions = {}): Promise<Page> {
  return parsePage(await readText(files, options))
}

/** The same, as text. */
export function readText(files: readonly Uint8Array[], options: ReadOptions = {}): Promise<string> {
  const { metrics, table, input } = createPipeline()
  const { vantage = 'server', maxRecordBytes = 1 << 20, dialect, own, ended = true } = options
  const known = {
    ...(dialect === undefined ? {} : { dialect }),
    ...(own === undefined ? {} : { own }),
  }
  const source = metrics.owner('qlog')
  const reader = new SourceReader({ source, vantage, maxRecordBytes, ...known }, table, input)
  for (const file of files) {
    const sink = reader.open()
    let used = 0
    let end = 0
    for (let i = 0; end < file.length; i += 1) {
      end += options.pieces?.[i] ?? options.pieces?.at(-1) ?? file.length
      used += sink.feed(file.subarray(used, end), false)
    }
    if (!ended) continue
    sink.feed(file.subarray(used), true)
    sink.closed()
  }
  return renderStore(metrics, ({ spec }) => spec.depends !== 'clock')
}

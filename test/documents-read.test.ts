/** Contained files through a source: what is counted, of one trace or several, and through restarts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { renderStore } from '../exporter/metrics/render.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { SourceReader } from '../exporter/source-reader.ts'
import { RowReader, RowWriter } from '../exporter/state/row.ts'
import { aioquic } from '../qlog-parsers/dialects/aioquic.ts'
import { event } from './support/documents.ts'
import { FIXTURES } from './support/fixtures.ts'
import { parsePage, total } from './support/page.ts'
import { read } from './support/trace.ts'

const loss2 = readFileSync(join(FIXTURES, 'aioquic/loss2.qlog'))

const HEADER = { packet_type: '1RTT' }
const received = (time: number) =>
  event(time, 'transport:packet_received', { header: HEADER, raw: { length: 100 } })
const lost = (time: number) =>
  event(time, 'recovery:packet_lost', { type: '1RTT', packet_number: time })
const trace = (type: string, ...events: readonly object[]) => ({
  common_fields: { ODCID: 'aabb' },
  events,
  vantage_point: { name: 'aioquic', type },
})
const bytesOf = (...traces: readonly object[]) =>
  Buffer.from(JSON.stringify({ qlog_format: 'JSON', qlog_version: '0.3', traces }))

t.test(
  'several traces: each is a connection, even of the same id, with a clock of its own',
  async (t) => {
    const first = trace('server', received(1_000_000), received(1_000_001), lost(1_000_002))
    const second = trace('server', received(1), received(2))
    const page = await read([bytesOf(first, second)])
    t.equal(total(page, 'quic_connections_total'), 2)
    t.equal(total(page, 'quic_packets_received_total'), 4)
    t.equal(total(page, 'quic_packets_lost_total'), 1)
    t.equal(total(page, 'quic_exporter_records_total'), 7, '2 headers, 5 events')
    t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
  },
)

t.test('traces of the other side are not read, whichever comes first', async (t) => {
  const server = trace('server', received(1), received(2))
  const client = trace('client', received(1), received(2), received(3))
  for (const file of [
    bytesOf(server, client),
    bytesOf(client, server),
    bytesOf(client, server, client),
  ]) {
    const asServer = await read([file])
    t.equal(total(asServer, 'quic_connections_total'), 1)
    t.equal(total(asServer, 'quic_packets_received_total'), 2)
    const asClient = await read([file], { vantage: 'client' })
    t.equal((total(asClient, 'quic_packets_received_total') as number) % 3, 0)
  }
})

t.test('all traces of a file have the writer that its first header names', async (t) => {
  const { vantage_point: _, ...unnamed } = trace('server', received(1), received(2))
  const page = await read([bytesOf(trace('client'), { ...unnamed, title: 'anything' })])
  t.equal(total(page, 'quic_packets_received_total'), 2)
})

/** Fed in pieces; before each `killed` byte position everything but what is saved is forgotten. */
async function pageOf(file: Uint8Array, kills: readonly number[]): Promise<string> {
  const { metrics, table, input } = createPipeline()
  const source = metrics.owner('qlog')
  const options = { source, vantage: 'server', maxRecordBytes: 1 << 20, dialect: aioquic } as const
  let sink = new SourceReader(options, table, input).open()
  let used = 0
  for (const end of kills) {
    used += sink.feed(file.subarray(used, end), false)
    const row = new RowWriter()
    sink.state(row)
    const streams = [...table.streams]
    const next = new SourceReader(options, table, input).open()
    const saved = new RowReader(row.take())
    next.state(saved)
    if (!saved.atEnd) throw new Error('something is left in the row')
    // Connections are saved in rows of their own: here they are handed over.
    for (const stream of table.streams) {
      const before = streams.at(-1)
      if (before === undefined || streams.includes(stream)) continue
      for (const [group, connection] of before.connections)
        stream.connections.set(group, connection)
      for (const group of before.over) stream.over.add(group)
    }
    sink = next
  }
  used += sink.feed(file.subarray(used), true)
  sink.closed()
  t.equal(used, file.length)
  return renderStore(metrics, ({ spec }) => spec.depends !== 'clock')
}

t.test('killed at every 997th byte, and anywhere in two traces: the same page', async (t) => {
  const every = (step: number, length: number) =>
    Array.from({ length: Math.floor(length / step) }, (_, i) => (i + 1) * step)
  const whole = await pageOf(loss2, [])
  t.match(whole, /quic_packets_lost_total\{source="qlog",trigger="unknown"\} 10\n/)
  t.equal(await pageOf(loss2, every(997, loss2.length)), whole)
  const two = bytesOf(trace('client', received(1)), trace('server', received(1), lost(2)))
  const wanted = await pageOf(two, [])
  t.equal(await pageOf(two, every(1, two.length)), wanted)
  for (let cut = 1; cut < two.length; cut += 1) {
    if ((await pageOf(two, [cut])) !== wanted) t.fail(`killed at ${cut}`)
  }
})

t.test('a file that ends within its header, or in an event', async (t) => {
  const text = bytesOf(trace('server', received(1), received(2))).toString()
  const torn = await read([Buffer.from(text.slice(0, text.indexOf('"time":2')))])
  t.equal(total(torn, 'quic_packets_received_total'), 1)
  t.equal(total(torn, 'quic_exporter_records_failed_total', { reason: 'truncated' }), 1)
  const header = await read([Buffer.from(text.slice(0, 60))])
  t.equal(total(header, 'quic_exporter_records_failed_total', { reason: 'truncated' }), 1)
  t.equal(total(header, 'quic_exporter_records_total'), 1)
})

t.test('bytes: all are read, but those of an event that is too long are lost', async (t) => {
  const huge = { ...received(2), x: 'y'.repeat(10_000) }
  const file = bytesOf(trace('server', received(1), huge, received(3)))
  const page = await read([file], { maxRecordBytes: 4096, pieces: [1000] })
  const long = JSON.stringify(huge).length
  t.equal(total(page, 'quic_packets_received_total'), 2)
  t.equal(total(page, 'quic_exporter_records_failed_total', { reason: 'too_long' }), 1)
  t.equal(total(page, 'quic_exporter_read_bytes_total'), file.length - long)
})

t.test('joined late: the header is known, what was there before is not counted', async (t) => {
  const events = Array.from({ length: 40 }, (_, i) => received(i))
  const file = bytesOf(trace('server', ...events))
  const text = file.toString()
  const start = text.indexOf(JSON.stringify(events[30])) - 20
  const { metrics, table, input } = createPipeline()
  const source = metrics.owner('qlog')
  const options = { source, vantage: 'server', maxRecordBytes: 1 << 20 } as const
  const sink = new SourceReader(options, table, input).open()
  sink.header(file.subarray(0, 64 * 1024))
  sink.skipToRecord()
  const used = sink.feed(file.subarray(start - 1), true)
  sink.closed()
  const page = parsePage(await renderStore(metrics))
  t.equal(used, file.length - start + 1)
  t.equal(total(page, 'quic_packets_received_total'), 10)
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
  t.equal(total(page, 'quic_exporter_read_bytes_total'), file.length - start)
})

/** Connections whose beginning is told: complete even in a file that was joined late, and new where a name comes again. */
import t from 'tap'
import { LogFileReader } from '../exporter/log-file-reader.ts'
import { logInputOf } from '../exporter/log-input.ts'
import { renderStore } from '../exporter/metrics/render.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { SourceReader } from '../exporter/source-reader.ts'
import { nonZero, parsePage, total } from './support/page.ts'
import { type Happening, Scene } from './support/scene.ts'

const OPENED: Happening = { type: 'connection_opened' }
const DONE: Happening = { type: 'handshake_done', direction: 'sent' }
const CLOSED: Happening = {
  type: 'connection_closed',
  initiator: 'unknown',
  trigger: 'idle_timeout',
}
const closed = (scene: Scene) => scene.counts('quic_connections_closed_total')

t.test(
  'joined late: what begins before our eyes is complete, what began before is not',
  async (t) => {
    const scene = new Scene({ joinedLate: true })
      .in('old', 0, DONE)
      .in('new', 10, OPENED)
      .in('new', 40, DONE)
      .in('old', 2000, CLOSED)
      .in('new', 3010, CLOSED)
    t.equal(await scene.total('quic_connections_total'), 2)
    t.equal(await scene.total('quic_handshakes_completed_total'), 1)
    t.match(await scene.observed('quic_handshake_duration_seconds'), { 0.05: 1 })
    t.same(await scene.observed('quic_connection_duration_seconds'), { '5.0': 1 })
  },
)

t.test('joined late: one that begins before our eyes can fail', async (t) => {
  const scene = new Scene({ joinedLate: true }).in('new', 0, OPENED).in('new', 900, CLOSED)
  t.same(await scene.counts('quic_handshakes_failed_total'), { timeout: 1 })
})

t.test('a name that comes again after its connection closed is another connection', async (t) => {
  const scene = new Scene()
    .in('1', 0, OPENED)
    .in('1', 5, DONE)
    .in('1', 1000, CLOSED)
    .in('1', 2000, OPENED)
    .in('1', 2005, DONE)
    .in('1', 2500, CLOSED)
  t.equal(await scene.total('quic_connections_total'), 2)
  t.equal(await scene.total('quic_handshakes_completed_total'), 2)
  t.same(await closed(scene), { 'idle_timeout unknown': 2 })
  t.equal(await scene.total('quic_connections_active'), 0)
  t.equal(scene.rows, 1)
})

t.test('without an opening such a name is the same connection, whatever it says', async (t) => {
  const scene = new Scene().in('1', 0, DONE).in('1', 1000, CLOSED).in('1', 2000, DONE)
  t.equal(await scene.total('quic_connections_total'), 1)
})

t.test('a name that is opened while its connection lives: that one was never closed', async (t) => {
  const scene = new Scene().in('1', 0, OPENED).in('1', 5, DONE).in('1', 9000, OPENED, DONE)
  t.equal(await scene.total('quic_connections_total'), 2)
  t.equal(
    await scene.total('quic_handshakes_completed_total'),
    2,
    'the rest of the record is of the new one',
  )
  t.same(await closed(scene), { 'expired unknown': 1 })
  t.equal(await scene.total('quic_connections_active'), 1)
})

t.test('a name is opened again after its row was forgotten', async (t) => {
  const scene = new Scene()
    .in('1', 0, OPENED)
    .in('2', 0, OPENED)
    .in('1', 10, CLOSED)
    .silentFor(60_000)
  t.equal(scene.rows, 1)
  scene.in('1', 20, OPENED).in('1', 25, DONE)
  t.equal(await scene.total('quic_connections_total'), 3)
  t.equal(await scene.total('quic_handshakes_completed_total'), 1)
})

t.test('a log of a million connections that ended does not remember them all', async (t) => {
  const { metrics, table } = createPipeline()
  const facts = { capabilities: { connection: true }, vantage: 'server' } as const
  const stream = table.stream(metrics.owner('lb'), facts, false)
  for (let i = 0; i < 60_000; i += 1) {
    const at = i * 1_000_000
    table.apply(stream, `${i}`, at, [{ type: 'connection_opened', at }])
    table.apply(stream, `${i}`, at, [{ type: 'connection_closed', at, initiator: 'unknown' }])
  }
  t.ok(stream.connections.size < 100, `${stream.connections.size} rows`)
  t.equal(stream.over.size, 50_000)
  t.equal(total(parsePage(await renderStore(metrics)), 'quic_connections_total'), 60_000)
})

t.test('a log that is read from its end on', async (t) => {
  const { metrics, table, input, tell } = createPipeline()
  const source = metrics.owner('lb')
  const log = logInputOf({ dialect: 'lb-events', fields: {} }, (event) => tell(source, event))
  const options = { source, vantage: 'server', maxRecordBytes: 1 << 20 } as const
  const sink = new SourceReader(options, table, input, {}, log).open()
  t.ok(sink instanceof LogFileReader)
  sink.skipToRecord()
  const line = (ms: number, id: string, event: string, more = '') =>
    `{"type":"connection","time":${1_772_618_400 + ms / 1000},"id":"${id}","event":"${event}"${more}}\n`
  const text = [
    'half of a line"}\n',
    line(0, 'old', 'handshake_completed'),
    line(100, 'new', 'started'),
    line(130, 'new', 'handshake_completed'),
    line(400, 'old', 'closed', ',"trigger":"idle_timeout"'),
    line(600, 'new', 'closed', ',"error_code":0,"initiator":"remote"'),
  ].join('')
  sink.feed(Buffer.from(text), false)
  const page = parsePage(await renderStore(metrics))
  t.equal(total(page, 'quic_connections_total'), 2)
  t.equal(total(page, 'quic_handshakes_completed_total'), 1)
  t.equal(total(page, 'quic_connection_duration_seconds_count'), 1)
  t.same(nonZero(page, 'quic_connections_closed_total'), {
    'idle_timeout unknown': 1,
    'no_error remote': 1,
  })
})

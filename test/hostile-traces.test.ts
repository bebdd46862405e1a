/** Files that are not a connection's trace of the wanted side: nothing of them is applied. */
import t from 'tap'
import type { Page } from './support/page.ts'
import { total } from './support/page.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

const packet = {
  time: 1,
  name: 'transport:packet_received',
  data: { header: { packet_type: '1RTT' }, raw: { length: 30 } },
}
const isQuic = (name: string) => name.startsWith('quic_') && !name.startsWith('quic_exporter_')
const quicFamilies = (page: Page) => [...page.keys()].filter(isQuic)

/** A header with one place in it changed. */
function headerWith(change: (header: ReturnType<typeof headerOf>) => void): object {
  const header = headerOf('quic-go')
  change(header)
  return header
}

const vantage = (type: unknown) =>
  headerWith((header) => {
    header.trace.vantage_point.type = type
  })

t.test('a trace of another side is not admitted, its records are counted', async (t) => {
  for (const type of ['client', 'network', 'transport', 'Server', '', 7]) {
    const page = await read([fileOf(vantage(type), packet, packet)])
    t.same(quicFamilies(page), [], String(type))
    t.equal(total(page, 'quic_exporter_records_total'), 3)
    t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
    t.notOk(page.has('quic_exporter_source_capability'), 'nor does it say what the source can tell')
  }
})

t.test('a trace that does not tell its side is taken for that which is asked for', async (t) => {
  for (const type of ['unknown', null, undefined]) {
    for (const asked of ['server', 'client'] as const) {
      const page = await read([fileOf(vantage(type), packet, packet)], { vantage: asked })
      t.equal(total(page, 'quic_packets_received_total'), 2, `${type} for ${asked}`)
    }
  }
})

t.test('the side that is asked for is admitted, and never both in one source', async (t) => {
  const files = [fileOf(vantage('server'), packet), fileOf(vantage('client'), packet, packet)]
  const server = await read(files)
  t.equal(total(server, 'quic_connections_total'), 1)
  t.equal(total(server, 'quic_packets_received_total'), 1)
  const client = await read(files, { vantage: 'client' })
  t.equal(total(client, 'quic_connections_total'), 1)
  t.equal(total(client, 'quic_packets_received_total'), 2)
})

t.test('a header of nobody known is read by what its events say', async (t) => {
  const foreign = headerWith((header) => {
    header.title = 'another implementation'
  })
  const page = await read([fileOf(foreign, packet)])
  const [found] = page.get('quic_exporter_source_info')?.samples ?? []
  t.equal(found?.labels.dialect, 'generic')
  t.equal(total(page, 'quic_packets_received_total'), 1)
  t.notOk(page.has('quic_packets_lost_total'), 'nothing that quic-go would tell is promised')
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
})

t.test('records before any header fail, the header that follows is used', async (t) => {
  const page = await read([fileOf(packet, packet, headerOf('quic-go'), packet)])
  t.equal(total(page, 'quic_exporter_records_failed_total', { reason: 'schema' }), 2)
  t.equal(total(page, 'quic_packets_received_total'), 1)
})

t.test('no header at all', async (t) => {
  const files: readonly (readonly [string, Buffer, string])[] = [
    ['events only', fileOf(packet, packet), 'schema'],
    ['a header without a trace', fileOf({ qlog_version: '0.3' }, packet), 'schema'],
    ['a trace that is a list', fileOf({ qlog_version: '0.3', trace: [] }), 'schema'],
    ['a contained file without a trace', fileOf({ qlog_version: '0.3', traces: [] }), 'schema'],
    ['text', fileOf('not a qlog file', 'at all'), 'json'],
    [
      'compressed',
      Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff, 0xfe, 0x0a, 0x80, 0x81, 0x0a]),
      'utf8',
    ],
    ['deep nesting', fileOf(`{"trace":${'['.repeat(100_000)}`), 'too_deep'],
  ]
  for (const [what, file, reason] of files) {
    const page = await read([file])
    t.same(quicFamilies(page), [], what)
    const records = total(page, 'quic_exporter_records_total') as number
    t.ok(records > 0)
    t.equal(total(page, 'quic_exporter_records_failed_total', { reason }), records, what)
  }
  const torn = await read([Buffer.from(JSON.stringify(headerOf('quic-go')).slice(0, -1))])
  t.equal(total(torn, 'quic_exporter_records_failed_total', { reason: 'truncated' }), 1)
})

t.test('a header of wrong types is read as far as it goes', async (t) => {
  const places: readonly ((header: ReturnType<typeof headerOf>, value: unknown) => void)[] = [
    (header, value) => {
      header.trace.common_fields = value
    },
    (header, value) => {
      header.trace.common_fields.group_id = value
    },
    (header, value) => {
      header.trace.common_fields.reference_time.wall_clock_time = value
    },
    (header, value) => {
      header.qlog_version = value
      header.file_schema = value
      header.code_version = value
    },
  ]
  for (const place of places) {
    for (const value of [null, 7, [], {}, '', 'x'.repeat(5000), '\ud800']) {
      const page = await read([
        fileOf(
          headerWith((header) => place(header, value)),
          packet,
        ),
      ])
      const records = total(page, 'quic_exporter_records_total')
      t.equal(records, 2)
      t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
    }
  }
})

t.test('several connections in one file are told apart by their group', async (t) => {
  const of = (group_id: string, time: number) => ({ ...packet, time, group_id })
  const groups = ['a', 'b', 'a', '', '__proto__', 'constructor', 'b', '\ud800']
  const page = await read([fileOf(headerOf('quic-go'), ...groups.map((one, i) => of(one, i)))])
  t.equal(total(page, 'quic_connections_total'), new Set(groups).size)
  t.equal(total(page, 'quic_packets_received_total'), groups.length)
  t.equal(total(page, 'quic_connections_active'), 0)
})

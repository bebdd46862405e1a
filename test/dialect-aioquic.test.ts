/** aioquic: the page of a recording equals what a plain count of its document and its relay say. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dialectOf } from '../qlog-parsers/dialects/index.ts'
import { dialects } from '../qlog-parsers/index.ts'
import { readTraceHeader } from '../qlog-parsers/trace-header.ts'
import { FIXTURES, fixtures } from './support/fixtures.ts'
import { nonZero, total } from './support/page.ts'
import { recordsIn } from './support/records.ts'
import { read } from './support/trace.ts'

const file = readFileSync(join(FIXTURES, 'aioquic/loss2.qlog'))
const document = JSON.parse(file.toString())
// biome-ignore lint/suspicious/noExplicitAny: as written by another program.
const events: any[] = document.traces[0].events
const named = (name: string) => events.filter((event) => event.name === name)
const packets = (name: string, type: string) =>
  named(name).filter(({ data }) => data.header.packet_type === type)
const bytes = (name: string) =>
  named(name).reduce((sum: number, { data }) => sum + data.raw.length, 0)

/** What the relay between both sides dropped on the way to the client. */
const LOST_BY_RELAY = 10

t.test('packets, bytes and losses', async (t) => {
  const page = await read([file])
  const types = { initial: 'initial', handshake: 'handshake', '0rtt': '0RTT', '1rtt': '1RTT' }
  for (const [packet_type, written] of Object.entries(types)) {
    for (const direction of ['sent', 'received']) {
      const expected = packets(`transport:packet_${direction}`, written).length
      const family = `quic_packets_${direction}_total`
      t.equal(total(page, family, { packet_type }) ?? 0, expected, `${family} ${packet_type}`)
    }
  }
  t.equal(total(page, 'quic_sent_bytes_total'), bytes('transport:packet_sent'))
  t.equal(total(page, 'quic_received_bytes_total'), bytes('transport:packet_received'))
  t.equal(total(page, 'quic_packets_lost_total'), named('recovery:packet_lost').length)
  t.equal(total(page, 'quic_packets_lost_total'), LOST_BY_RELAY)
  t.equal(total(page, 'quic_packets_spuriously_lost_total'), 0)
  t.equal(total(page, 'quic_http3_requests_total', { code: '2xx' }), 1)
  t.same(nonZero(page, 'quic_streams_opened_total'), {
    'local unidirectional': 3,
    'remote bidirectional': 1,
    'remote unidirectional': 3,
  })
  t.equal(total(page, 'quic_exporter_records_total'), 1 + events.length)
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
  t.equal(total(page, 'quic_exporter_values_rejected_total') ?? 0, 0)
  t.equal(total(page, 'quic_exporter_read_bytes_total'), file.length)
})

t.test('the connection is over once its file is there: it leaves no gauge', async (t) => {
  const page = await read([file], { ended: false })
  t.equal(total(page, 'quic_connections_total'), 1)
  t.equal(total(page, 'quic_connections_active'), 0)
  const closed = { reason: 'no_error', initiator: 'remote' }
  t.equal(total(page, 'quic_connections_closed_total', closed), 1)
  const [first, last] = [events[0].time, named('transport:packet_received').at(-1).time]
  const duration = total(page, 'quic_connection_duration_seconds_sum')
  t.equal(duration?.toFixed(4), ((last - first) / 1000).toFixed(4))
})

t.test('what it does not write is absent, not zero', async (t) => {
  const page = await read([file])
  for (const name of [
    'quic_connection_versions_total',
    'quic_congestion_state_seconds_total',
    'quic_congestion_state_transitions_total',
    'quic_ecn_connections_total',
    'quic_pacing_rate_bytes_per_second',
    'quic_path_mtu_bytes',
    'quic_pto_total',
  ]) {
    t.notOk(page.has(name), name)
    t.equal(total(page, 'quic_exporter_source_capability', { signal: name }), 0, name)
  }
})

t.test('it is known without its name, and steals no other file', (t) => {
  const [aioquicHeader] = recordsIn(file).headers
  const header = readTraceHeader(JSON.parse(aioquicHeader?.toString() ?? ''))
  t.equal(header?.producerName, '', 'the name comes too late')
  t.ok(header?.vantageInferred)
  t.equal(header && dialectOf(header)?.name, 'aioquic')
  for (const { name, dialect, path } of fixtures()) {
    const [first] = recordsIn(readFileSync(path)).headers
    const read = readTraceHeader(JSON.parse(first?.toString() ?? ''))
    const claims = dialects
      .filter((one) => read !== undefined && one.wrote(read))
      .map((one) => one.name)
    t.equal(claims.includes('aioquic'), dialect === 'aioquic', name)
  }
  const other = (trace: object, root: object = {}) => {
    const read = readTraceHeader({ ...root, traces: [{ events: [], ...trace }] })
    return read !== undefined && dialects.some((one) => one.name === 'aioquic' && one.wrote(read))
  }
  const ODCID = { ODCID: 'aa' }
  t.ok(other({ common_fields: ODCID }))
  t.ok(other({ vantage_point: { name: 'aioquic' } }))
  t.notOk(other({ common_fields: ODCID, vantage_point: { name: 'kwik' } }))
  t.notOk(other({ common_fields: ODCID }, { title: 'picoquic' }))
  t.notOk(other({ common_fields: { ...ODCID, reference_time: 1 } }))
  t.notOk(other({}))
  t.end()
})

t.test('key updates, drops and its own names for a window and a lost packet', async (t) => {
  const time = 1_795_370_604_762.25
  const HEADER = { packet_type: '1RTT', dcid: 'ab' }
  const data = (name: string, data: object) => ({ data, name, time })
  const own = {
    qlog_format: 'JSON',
    traces: [
      {
        common_fields: { ODCID: 'aa' },
        events: [
          data('transport:packet_received', {
            header: { ...HEADER, packet_number: 1 },
            frames: [],
          }),
          data('recovery:metrics_updated', { cwnd: 5000, bytes_in_flight: 7 }),
          data('security:key_updated', {
            key_type: 'client_1rtt_secret',
            trigger: 'remote_update',
          }),
          data('security:key_updated', {
            key_type: 'server_1rtt_secret',
            trigger: 'remote_update',
          }),
          data('security:key_updated', { key_type: 'server_1rtt_secret', trigger: 'local_update' }),
          data('security:key_updated', { key_type: 'server_1rtt_secret', trigger: 'tls' }),
          data('transport:packet_dropped', { trigger: 'key_unavailable', raw: { length: 9 } }),
          data('recovery:packet_lost', { type: 'handshake', packet_number: 3 }),
          data('recovery:packet_lost', { type: '1RTT', packet_number: 'x' }),
        ],
        vantage_point: { name: 'aioquic', type: 'server' },
      },
    ],
  }
  const page = await read([Buffer.from(JSON.stringify(own))])
  t.equal(total(page, 'quic_key_updates_total', { initiator: 'remote' }), 1)
  t.equal(total(page, 'quic_key_updates_total', { initiator: 'local' }), 1)
  t.equal(total(page, 'quic_packets_dropped_total', { reason: 'key_unavailable' }), 1)
  t.equal(total(page, 'quic_packets_lost_total'), 2)
  t.equal(total(page, 'quic_congestion_window_bytes_sum'), 5000)
  t.equal(total(page, 'quic_in_flight_bytes_sum'), 7)
})

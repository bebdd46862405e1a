/** OpenSSL: a real client's recording counted by other means, and a server's as its source writes it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FIXTURES } from './support/fixtures.ts'
import { nonZero, total } from './support/page.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

const client = readFileSync(join(FIXTURES, 'openssl/request.client.sqlog'))
const server = readFileSync(join(FIXTURES, 'openssl/synthetic-server.sqlog'))

const eventsOf = (file: Buffer) =>
  file
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .slice(1)
    .map((line) => JSON.parse(line.slice(1)))

t.test('what a real client logged', async (t) => {
  const events = eventsOf(client)
  const page = await read([client], { vantage: 'client' })
  for (const direction of ['sent', 'received']) {
    const packets = events.filter(({ name }) => name === `transport:packet_${direction}`)
    const byType: Record<string, number> = {}
    for (const { data } of packets) {
      const type = data.header.packet_type.toLowerCase()
      byType[type] = (byType[type] ?? 0) + 1
    }
    t.same(nonZero(page, `quic_packets_${direction}_total`), byType)
    t.notOk(page.has(`quic_${direction}_bytes_total`), 'it logs no lengths')
  }
  t.notOk(page.has('quic_rtt_seconds'), 'and no metrics')
  t.same(nonZero(page, 'quic_handshakes_completed_total'), { '': 1 })
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'no_error local': 1 })
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
})

t.test('times count from the event before: the connection lasted until its close', async (t) => {
  const events = eventsOf(client)
  const close = events.findIndex(({ name }) => name === 'connectivity:connection_closed')
  const elapsed = events.slice(1, close + 1).reduce((sum, { time }) => sum + time, 0)
  const page = await read([client], { vantage: 'client' })
  t.equal(total(page, 'quic_connection_duration_seconds_sum'), elapsed / 1000)
})

t.test('a server: loss and its ACKs, an idle time-out in its own number', async (t) => {
  const page = await read([server])
  t.same(nonZero(page, 'quic_packets_lost_total'), { unknown: 2 })
  t.same(nonZero(page, 'quic_packets_spuriously_lost_total'), { '': 1 })
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'idle_timeout unknown': 1 })
  t.same(nonZero(page, 'quic_connection_errors_total'), {})
  t.equal(total(page, 'quic_handshake_duration_seconds_sum'), 0.042)
  t.same(nonZero(page, 'quic_path_challenges_received_total'), { '': 1 })
  t.notOk(page.has('quic_path_validations_total'), 'it validates no path itself')
  t.notOk(page.has('quic_connection_migrations_total'), 'and so sees no move')
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
})

t.test('its close codes: numbers, names, numbers as text', async (t) => {
  const cases: readonly (readonly [data: object, reason: string, code?: string])[] = [
    [
      { owner: 'remote', application_code: 268 },
      'application_error remote',
      'h3_request_cancelled',
    ],
    [
      { owner: 'local', connection_code: 'crypto_error_0x178' },
      'crypto_error local',
      'no_application_protocol',
    ],
    [
      { owner: 'local', connection_code: 'protocol_violation' },
      'transport_error local',
      'protocol_violation',
    ],
    [{ owner: 'remote', connection_code: 0 }, 'no_error remote'],
    [{ owner: 'local', connection_code: '4611686018427387903' }, 'transport_error local', 'other'],
  ]
  for (const [data, reason, code] of cases) {
    const closed = { name: 'connectivity:connection_closed', data, time: 1 }
    const first = { name: 'connectivity:connection_started', data: {}, time: 1_795_370_575_739 }
    const done = {
      name: 'connectivity:connection_state_updated',
      data: { state: 'handshake_complete' },
      time: 0,
    }
    const page = await read([fileOf(headerOf('openssl'), first, done, closed)])
    t.same(nonZero(page, 'quic_connections_closed_total'), { [reason]: 1 })
    const codes = Object.keys(nonZero(page, 'quic_connection_errors_total') ?? {})
    t.same(
      codes.map((one) => one.split(' ')[1]),
      code === undefined ? [] : [code],
    )
  }
})

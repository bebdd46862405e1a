/** nginx with the proposed qlog patch: what its recording holds, counted by other means, and what it can spoil. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FIXTURES } from './support/fixtures.ts'
import { nonZero, total } from './support/page.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

const RS = String.fromCharCode(0x1e)
const file = readFileSync(join(FIXTURES, 'nginx-qlog/loss-rebind.sqlog'))

interface Record {
  readonly name: string
  readonly time: number
  // biome-ignore lint/suspicious/noExplicitAny: parsed JSON of another program.
  readonly data: any
}

/** All that JSON.parse can read between separators of either kind, and how much it cannot. */
function plainRecords() {
  const pieces = file.toString().split(new RegExp(`[\n${RS}]`))
  const events: Record[] = []
  let damaged = 0
  for (const piece of pieces.filter((one) => one !== '').slice(1)) {
    try {
      events.push(JSON.parse(piece))
    } catch {
      damaged += 1
    }
  }
  return { events, damaged }
}

t.test('every good record around the one that nginx itself damaged', async (t) => {
  const { events, damaged } = plainRecords()
  t.equal(events.length + 1, 1641, 'with the header')
  t.equal(damaged, 1)
  const page = await read([file])
  t.equal(total(page, 'quic_exporter_records_total'), 1642)
  t.same(nonZero(page, 'quic_exporter_records_failed_total'), { json: 1 })
  t.equal(total(page, 'quic_exporter_values_rejected_total'), 0)
  t.equal(total(page, 'quic_exporter_events_unknown_total'), 0)

  for (const direction of ['sent', 'received']) {
    const packets = events.filter(({ name }) => name === `transport:packet_${direction}`)
    const bytes = packets.reduce((sum, { data }) => sum + data.raw.length, 0)
    t.equal(total(page, `quic_packets_${direction}_total`), packets.length)
    t.equal(total(page, `quic_${direction}_bytes_total`), bytes)
  }
  const lost = events.filter(({ name }) => name === 'recovery:packet_lost')
  t.equal(lost.length, 26)
  const declared = total(page, 'quic_packets_lost_total') as number
  t.equal(declared + (total(page, 'quic_mtu_probes_lost_total') as number), 26)
  const frames = events.flatMap(({ data }) => (data.frames ?? []) as { frame_type: string }[])
  const count = (type: string) => frames.filter(({ frame_type }) => frame_type === type).length
  t.equal(total(page, 'quic_path_challenges_sent_total'), count('path_challenge'))
  t.equal(total(page, 'quic_path_responses_received_total'), count('path_response'))

  let pto = 0
  let expired = 0
  for (const { data } of events.filter(({ name }) => name === 'recovery:metrics_updated')) {
    if (data.pto_count === undefined) continue
    expired += Math.max(0, data.pto_count - pto)
    pto = data.pto_count
  }
  t.equal(total(page, 'quic_pto_total'), expired)
  const times = events
    .filter(({ data }) => data.min_rtt !== undefined)
    .map(({ data }) => data.min_rtt)
  t.equal(total(page, 'quic_min_rtt_seconds_sum'), Math.min(...times) / 1000)
})

t.test('six challenges on two paths are one validation and one move of the client', async (t) => {
  const page = await read([file])
  t.same(nonZero(page, 'quic_path_validations_total'), { '': 1 })
  t.same(nonZero(page, 'quic_path_validations_failed_total'), {})
  t.same(nonZero(page, 'quic_connection_migrations_total'), { nat_rebinding: 1 })
  t.same(nonZero(page, 'quic_connection_migrations_failed_total'), {})
})

t.test('`clean` long after the last packet is an idle timeout, the client had gone', async (t) => {
  const page = await read([file])
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'idle_timeout unknown': 1 })
  t.same(nonZero(page, 'quic_connections_vanished_total'), { '': 1 })
  t.same(nonZero(page, 'quic_handshakes_completed_total'), { '': 1 })
})

const packet = (time: number) => ({
  time,
  name: 'transport:packet_received',
  data: { header: { packet_type: '1RTT', packet_number: time }, raw: { length: 50 }, frames: [] },
})
const closed = (reason: string) =>
  `{"time":5,"name":"connectivity:connection_closed","data":{"owner":"remote","application_code":256,"reason":"${reason}"}}`

t.test("a peer's reason that is not escaped breaks its own record only", async (t) => {
  const reasons: readonly (readonly [reason: string, failed: number])[] = [
    ['bye', 0],
    ['say "bye"', 1],
    ['\\', 1],
    ['two\nlines', 2],
    [`${RS}{`, 2],
    ['"}},{"time":1', 1],
    ['\u0000', 1],
  ]
  for (const [reason, failed] of reasons) {
    const records = [packet(1), closed(reason), packet(6), packet(7)]
    const page = await read([fileOf(headerOf('nginx-qlog'), ...records)])
    t.equal(total(page, 'quic_packets_received_total'), 3, JSON.stringify(reason))
    t.equal(total(page, 'quic_exporter_records_failed_total'), failed, JSON.stringify(reason))
    const [close = ''] = Object.keys(nonZero(page, 'quic_connections_closed_total') ?? {})
    t.equal(close, failed === 0 ? 'no_error remote' : 'expired unknown', JSON.stringify(reason))
  }
})

t.test('a file that reached quic_qlog_max_size has no close: the connection expires', async (t) => {
  const cut = file.subarray(0, file.indexOf(RS, 100_000))
  const page = await read([cut])
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'expired unknown': 1 })
  t.equal(total(page, 'quic_connections_active'), 0)
  t.same(nonZero(page, 'quic_exporter_records_failed_total'), {})
})

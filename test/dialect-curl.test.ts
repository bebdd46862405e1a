/** curl as a client: an ngtcp2 trace of the other side, counted by other means. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FIXTURES } from './support/fixtures.ts'
import { nonZero, total } from './support/page.ts'
import { read } from './support/trace.ts'

const file = readFileSync(join(FIXTURES, 'ngtcp2/curl.client.sqlog'))
const events = file
  .toString()
  .split('\n')
  .filter((line) => line !== '')
  .slice(1)
  .map((line) => JSON.parse(line.slice(1)))

t.test('what a real client logged', async (t) => {
  const page = await read([file], { vantage: 'client' })
  t.equal(total(page, 'quic_exporter_records_total'), events.length + 1)
  for (const direction of ['sent', 'received']) {
    const packets = events.filter(({ name }) => name === `transport:packet_${direction}`)
    t.equal(total(page, `quic_packets_${direction}_total`), packets.length)
    t.equal(
      total(page, `quic_${direction}_bytes_total`),
      packets.reduce((sum, { data }) => sum + data.raw.length, 0),
    )
  }
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'no_error local': 1 })
  const done = events.find(({ data }) =>
    data.frames?.some((frame: { frame_type: string }) => frame.frame_type === 'handshake_done'),
  )
  const first = events.find(({ name }) => name === 'transport:packet_received')
  t.equal(total(page, 'quic_handshake_duration_seconds_sum'), (done.time - first.time) / 1000)
  t.same(
    nonZero(page, 'quic_streams_opened_total'),
    { 'local bidirectional': 1, 'local unidirectional': 3, 'remote unidirectional': 3 },
    'it opened the request and its own control streams',
  )
  t.equal(total(page, 'quic_connection_migrations_total'), 0)
})

t.test("a balancer's source does not take it for its own", async (t) => {
  const page = await read([file])
  t.notOk(page.has('quic_connections_total'))
})

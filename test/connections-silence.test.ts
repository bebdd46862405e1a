/** Silence: a file that stops growing says nothing, so its connections fall silent and expire. */
import t from 'tap'
import { total } from './support/page.ts'
import { CLOSE, DONE, type Happening, metrics, received, Scene } from './support/scene.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

const MINUTE = 60_000
const idle = (local: number | undefined, remote: number | undefined): Happening[] =>
  (['local', 'remote'] as const).map((side) => {
    const ms = side === 'local' ? local : remote
    return {
      type: 'parameters',
      side,
      ...(ms === undefined ? {} : { maxIdleTimeoutUs: ms * 1000 }),
    }
  })

async function state(scene: Scene): Promise<string> {
  const page = await scene.page()
  const expired = total(page, 'quic_connections_closed_total', { reason: 'expired' })
  const [active, silent] = ['active', 'silent'].map((one) => total(page, `quic_connections_${one}`))
  return `${active} active, ${silent} silent, ${expired} expired`
}

const LIVE = '1 active, 0 silent, 0 expired'
const SILENT = '1 active, 1 silent, 0 expired'
const EXPIRED = '0 active, 0 silent, 1 expired'

t.test('silent after the idle time-out, expired after max(10 min, 3 × idle)', async (t) => {
  // Both sides' time-outs in ms (undefined: not told), then the last ms of each state.
  const cases: readonly (readonly [number | undefined, number | undefined, number, number])[] = [
    [undefined, undefined, 30_000, 10 * MINUTE],
    [0, 0, 30_000, 10 * MINUTE],
    [3_000, 10_000, 3_000, 10 * MINUTE],
    [10_000, 3_000, 3_000, 10 * MINUTE],
    [0, 60_000, 60_000, 10 * MINUTE],
    [60_000, undefined, 60_000, 10 * MINUTE],
    [5 * MINUTE, 4 * MINUTE, 4 * MINUTE, 12 * MINUTE],
    [5 * MINUTE, 0, 5 * MINUTE, 15 * MINUTE],
    [200_000, 200_001, 200_000, 10 * MINUTE],
  ]
  for (const [local, remote, silentMs, expiredMs] of cases) {
    const scene = new Scene().at(0, ...idle(local, remote))
    t.equal(await state(scene.silentFor(silentMs)), LIVE, `${local} and ${remote}`)
    t.equal(await state(scene.silentFor(silentMs + 1)), SILENT)
    t.equal(await state(scene.silentFor(expiredMs)), SILENT)
    t.equal(await state(scene.silentFor(expiredMs + 1)), EXPIRED)
    t.equal(await state(scene.silentFor(10 * expiredMs)), EXPIRED, 'once')
  }
})

t.test('new bytes end the silence', async (t) => {
  const scene = new Scene().at(0, received()).silentFor(31_000)
  t.equal(await state(scene.at(1, received())), LIVE)
  t.equal(await state(scene.silentFor(29_000)), LIVE)
  t.equal(await state(scene.silentFor(31_000)), SILENT)
  const closed = await scene.at(2, CLOSE).page()
  t.equal(total(closed, 'quic_connections_silent'), 0)
  t.equal(total(closed, 'quic_connections_active'), 0)
})

t.test('an expired connection ended at its last event', async (t) => {
  const scene = new Scene()
    .at(0, received(), metrics({ smoothedRttUs: 20_000 }))
    .at(1234, received(), { type: 'congestion_state', state: 'recovery' })
    .silentFor(11 * MINUTE)
  t.equal(await scene.total('quic_connection_duration_seconds_sum'), 1.234)
  t.equal(await scene.total('quic_rtt_seconds_count'), 1)
  t.equal(await scene.total('quic_congestion_state_seconds_total'), 0)
})

t.test(
  'one that writes again after its expiry is not started or closed a second time',
  async (t) => {
    const scene = new Scene().at(0, received(), DONE).silentFor(11 * MINUTE)
    scene.at(5, received()).at(12 * MINUTE, received(), CLOSE)
    t.equal(await state(scene), EXPIRED)
    const page = await scene
      .silentFor(99 * MINUTE)
      .finish()
      .page()
    t.equal(total(page, 'quic_connections_total'), 1)
    t.equal(total(page, 'quic_connections_closed_total'), 1)
    t.equal(total(page, 'quic_packets_received_total'), 3, 'its packets count')
    t.equal(total(page, 'quic_connections_silent'), 0)
  },
)

t.test('vanished: a time-out or expiry with bytes in flight', async (t) => {
  const timeout: Happening = {
    type: 'connection_closed',
    initiator: 'local',
    trigger: 'idle_timeout',
  }
  const cases: readonly (readonly [string, (scene: Scene) => unknown, number])[] = [
    ['expired', (s) => s.finish(), 1],
    ['idle time-out', (s) => s.at(10, timeout), 1],
    ['closed', (s) => s.at(10, CLOSE), 0],
    ['all acknowledged', (s) => s.at(5, metrics({ bytesInFlight: 0 })).finish(), 0],
  ]
  for (const [what, ending, expected] of cases) {
    const scene = new Scene().at(0, received(), DONE, metrics({ bytesInFlight: 1200 }))
    ending(scene)
    t.equal(await scene.total('quic_connections_vanished_total'), expected, what)
  }
  const never = new Scene().at(0, received()).finish()
  t.equal(await never.total('quic_connections_vanished_total'), 0, 'never told')
})

t.test('one connection of a merged file is silent while others go on', async (t) => {
  const scene = new Scene().in('quiet', 0, received()).in('busy', 0, received())
  scene.in('busy', 31_000, received()).silentFor(0)
  t.equal(await state(scene), '2 active, 1 silent, 0 expired')
  scene.in('busy', 10 * MINUTE, received()).silentFor(0)
  t.equal(await state(scene), '2 active, 1 silent, 0 expired')
  scene.silentFor(1)
  t.equal(await state(scene), '1 active, 0 silent, 1 expired', 'silence of the file comes on top')
  scene.in('quiet', 10 * MINUTE + 5, received())
  t.equal(await scene.total('quic_connections_total'), 2)
})

t.test('a merged file that never stops growing hides no connection that died', async (t) => {
  const record = (group_id: string, seconds: number) => ({
    time: seconds * 1000,
    group_id,
    name: 'transport:packet_received',
    data: { header: { packet_type: '1RTT' } },
  })
  const records = [record('quiet', 1)]
  for (let seconds = 0; seconds <= 620; seconds += 10) records.push(record('busy', seconds))
  const file = fileOf(headerOf('quic-go'), ...records)
  const again = fileOf(headerOf('quic-go'), ...records, record('quiet', 625))
  for (const pieces of [[1 << 20], [7], [4096]]) {
    const page = await read([file], { ended: false, pieces })
    t.equal(total(page, 'quic_connections_closed_total', { reason: 'expired' }), 1)
    t.equal(total(page, 'quic_connections_active'), 1)
    const later = await read([again], { pieces })
    t.equal(total(later, 'quic_connections_total'), 2, 'nor is it started again')
    t.equal(total(later, 'quic_connections_closed_total'), 2)
  }
})

t.test('with no room the oldest live connection is evicted, and counted', async (t) => {
  const scene = new Scene({ maxConnections: 2 })
    .in('a', 0, received())
    .in('b', 1, received())
    .in('a', 2, received())
    .in('c', 3, received())
  t.same(await scene.counts('quic_connections_closed_total'), { 'evicted unknown': 1 })
  t.equal(await scene.total('quic_exporter_connections_evicted_total'), 1)
  t.equal(await scene.total('quic_connections_active'), 2)
  t.equal(await scene.total('quic_connection_duration_seconds_sum'), 0.002, 'a, the oldest')
  scene.in('a', 9, received(), CLOSE)
  t.equal(await scene.total('quic_connections_total'), 3, 'it is not started again')
  t.equal(await scene.total('quic_connections_closed_total'), 1)
  t.equal(await scene.total('quic_packets_received_total'), 5)
})

t.test('closed connections take no room, and are not evicted in place of live ones', async (t) => {
  const scene = new Scene({ maxConnections: 1 })
  for (let i = 0; i < 5; i += 1) scene.in(`${i}`, i, received(), CLOSE)
  t.equal(await scene.total('quic_exporter_connections_evicted_total'), 0)
  scene.in('a', 10, received()).in('b', 11, received())
  t.equal(await scene.total('quic_exporter_connections_evicted_total'), 1)
  t.equal(await scene.total('quic_connections_active'), 1)
})

t.test(
  'the row of a connection that is over makes room; if it writes again, only its packets count',
  async (t) => {
    const scene = new Scene()
    scene.at(0, received(), DONE).at(1_000, received(), CLOSE)
    scene.silentFor(31_000)
    t.equal(scene.rows, 0)
    scene.at(60_000, received(), CLOSE)
    const page = await scene.page()
    t.equal(total(page, 'quic_connections_total'), 1)
    t.equal(total(page, 'quic_connections_active'), 0)
    t.equal(total(page, 'quic_connections_closed_total'), 1)
    t.equal(total(page, 'quic_handshakes_completed_total'), 1)
    t.equal(total(page, 'quic_packets_received_total'), 3)
  },
)

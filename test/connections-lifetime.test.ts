/** Connections start once, end once, and everything about them is settled at the end. */
import fc from 'fast-check'
import t from 'tap'
import { nonZero, total } from './support/page.ts'
import { challenge, DONE, type Happening, metrics, received, Scene, sent } from './support/scene.ts'

const frame = (direction: 'sent' | 'received', code = 0): Happening => ({
  type: 'connection_close_frame',
  direction,
  error: { space: 'application', code },
})
const event = (code?: number): Happening => ({
  type: 'connection_closed',
  initiator: 'local',
  ...(code === undefined ? {} : { error: { space: 'transport', code } }),
})
const state = (name: 'closing' | 'draining' | 'closed'): Happening => ({
  type: 'connection_state',
  state: name,
})
const RESET: Happening = {
  type: 'connection_closed',
  initiator: 'unknown',
  trigger: 'stateless_reset',
}

t.test('a connection starts with its first event, whatever that is', async (t) => {
  const first: Happening[] = [
    received(),
    metrics({ congestionWindow: 1 }),
    state('closed'),
    frame('sent'),
    { type: 'packet_dropped', reason: 'other' },
  ]
  for (const one of first) {
    const page = await new Scene().at(5000, one).page()
    t.equal(total(page, 'quic_connections_total'), 1, one.type)
  }
  const empty = new Scene().at(5000)
  t.equal(await empty.total('quic_connections_total'), 1, 'a record that nobody reads')
})

t.test('it ends at the first of frame, close event, state and reset', async (t) => {
  const endings: readonly Happening[] = [
    frame('sent'),
    frame('received'),
    event(),
    event(1),
    state('closing'),
    state('draining'),
    state('closed'),
    RESET,
  ]
  for (const first of endings) {
    for (const second of endings) {
      const scene = new Scene().at(0, received(), DONE).at(40, first).at(3000, second).finish()
      const page = await scene.page()
      const what = `${JSON.stringify(first)} then ${JSON.stringify(second)}`
      t.equal(total(page, 'quic_connection_duration_seconds_sum'), 0.04, what)
      t.equal(total(page, 'quic_connection_duration_seconds_count'), 1)
      t.equal(total(page, 'quic_connections_closed_total'), 1)
      t.equal(total(page, 'quic_connections_active'), 0)
    }
  }
})

t.test('handshake_complete is a state, not an end', async (t) => {
  const scene = new Scene().at(0, received(), {
    type: 'connection_state',
    state: 'handshake_complete',
  })
  t.equal(await scene.total('quic_connections_active'), 1)
})

t.test('a later close event names the reason of an end by state', async (t) => {
  const scene = new Scene().at(0, received(), DONE).at(10, state('draining'))
  t.same(await scene.counts('quic_connections_closed_total'), {}, 'no reason yet')
  t.equal(await scene.total('quic_connections_active'), 1, 'total − Σ closed = active')
  scene.at(20, event(0xa))
  t.same(await scene.counts('quic_connections_closed_total'), { 'transport_error local': 1 })
  t.equal(await scene.total('quic_connections_active'), 0)
})

t.test('an end by state that nobody ever explains is unknown, not expired', async (t) => {
  const scene = new Scene().at(0, received(), DONE).at(10, state('closed')).finish()
  t.same(await scene.counts('quic_connections_closed_total'), { 'unknown unknown': 1 })
})

t.test('a second close is ignored, whatever it says', async (t) => {
  const scene = new Scene()
    .at(0, received(), DONE)
    .at(10, frame('received', 0x10c))
    .at(20, event(0xa), RESET, frame('sent', 0x101), state('closed'))
    .finish()
  t.same(await scene.counts('quic_connections_closed_total'), { 'application_error remote': 1 })
  t.same(await scene.counts('quic_connection_errors_total'), {
    'application h3_request_cancelled': 1,
  })
})

t.test('later packets still count as packets, and as nothing else', async (t) => {
  const measured = metrics({ smoothedRttUs: 9_000, minRttUs: 1_000, congestionWindow: 4096 })
  const scene = new Scene().at(0, received(), measured).at(10, frame('sent'))
  const before = await scene.page()
  scene
    .at(20, sent({ bytes: 30 }), DONE, measured, challenge())
    .at(5000, received({ bytes: 12 }), measured)
    .at(9000, { type: 'path_mtu', bytes: 1452 }, { type: 'congestion_state', state: 'recovery' })
    .finish()
  const after = await scene.page()
  t.equal(total(after, 'quic_packets_sent_total'), 1)
  t.equal(total(after, 'quic_packets_received_total'), 2)
  t.equal(total(after, 'quic_sent_bytes_total'), 30)
  t.equal(total(after, 'quic_received_bytes_total'), 12)
  for (const name of [
    'quic_connections_total',
    'quic_connections_closed_total',
    'quic_connection_duration_seconds_count',
    'quic_handshakes_completed_total',
    'quic_handshakes_failed_total',
    'quic_rtt_seconds_count',
    'quic_min_rtt_seconds_count',
    'quic_congestion_window_bytes_count',
    'quic_congestion_state_transitions_total',
    'quic_congestion_state_seconds_total',
    'quic_path_mtu_bytes_count',
    'quic_path_validations_total',
    'quic_path_validations_abandoned_total',
  ]) {
    t.same(nonZero(after, name), nonZero(before, name), name)
  }
})

t.test('a file joined late has no duration, but an end', async (t) => {
  const scene = new Scene({ joinedLate: true }).at(0, received()).at(10, frame('sent'))
  t.equal(await scene.total('quic_connection_duration_seconds_count'), 0)
  t.equal(await scene.total('quic_connections_closed_total'), 1)
})

const anything: fc.Arbitrary<Happening> = fc.constantFrom(
  received(),
  sent({ number: 1, bytes: 10 }),
  DONE,
  frame('sent'),
  frame('received', 0x101),
  event(),
  event(0xa),
  RESET,
  state('draining'),
  challenge('d'),
  metrics({ smoothedRttUs: 1000, bytesInFlight: 10 }),
  { type: 'congestion_state', state: 'recovery' } as Happening,
)

t.test('whatever happens in whatever order: total − Σ closed = active, each once', async (t) => {
  const step = fc.oneof(
    fc.record({
      group: fc.constantFrom('a', 'b', 'c', 'd'),
      ms: fc.nat(2_000_000),
      happening: anything,
    }),
    fc.record({ silentMs: fc.nat(2_000_000) }),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, most) => {
        const scene = new Scene({ maxConnections: most })
        const groups = new Set<string>()
        for (const one of steps) {
          if ('silentMs' in one) scene.silentFor(one.silentMs)
          else {
            scene.in(one.group, one.ms, one.happening)
            groups.add(one.group)
          }
        }
        const holds = async (active: number | undefined) => {
          const page = await scene.page()
          const count = (name: string) => total(page, name) as number
          return (
            count('quic_connections_total') === groups.size &&
            count('quic_connections_active') ===
              groups.size - count('quic_connections_closed_total') &&
            count('quic_connections_active') <= (active ?? most) &&
            count('quic_connections_silent') >= 0 &&
            count('quic_connections_silent') <= count('quic_connections_active') &&
            count('quic_connection_duration_seconds_count') <= groups.size &&
            count('quic_handshakes_completed_total') + count('quic_handshakes_failed_total') <=
              groups.size
          )
        }
        if (!(await holds(undefined))) return false
        scene.finish()
        return holds(0)
      },
    ),
    { numRuns: 60 },
  )
  t.pass()
})

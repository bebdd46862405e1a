/** Handshakes: complete or failed, at most one of both, and how long the complete ones took. */
import t from 'tap'
import type { QuicError } from '../qlog-parsers/index.ts'
import { total } from './support/page.ts'
import { DONE, type Happening, received, Scene, type SceneOptions, sent } from './support/scene.ts'

const CLIENT_DONE: Happening = { type: 'handshake_done', direction: 'received' }
const COMPLETE: Happening = { type: 'connection_state', state: 'handshake_complete' }
const close = (error?: QuicError): Happening => ({
  type: 'connection_closed',
  initiator: 'local',
  ...(error === undefined ? {} : { error }),
})

async function outcome(scene: Scene): Promise<string> {
  const page = await scene.page()
  const completed = total(page, 'quic_handshakes_completed_total')
  return `${completed} completed, ${total(page, 'quic_handshakes_failed_total')} failed`
}

t.test(
  'complete: the server sent HANDSHAKE_DONE, the client received it, or a state says so',
  async (t) => {
    const cases: readonly (readonly [SceneOptions, Happening, number])[] = [
      [{}, DONE, 1],
      [{}, CLIENT_DONE, 0],
      [{}, COMPLETE, 1],
      [{ vantage: 'client' }, CLIENT_DONE, 1],
      [{ vantage: 'client' }, DONE, 0],
      [{ vantage: 'client' }, COMPLETE, 1],
    ]
    for (const [options, happening, expected] of cases) {
      const scene = new Scene(options).at(0, received()).at(5, happening)
      const completed = await scene.total('quic_handshakes_completed_total')
      t.equal(completed, expected, `${options.vantage}: ${JSON.stringify(happening)}`)
    }
  },
)

t.test('once, however often it is said', async (t) => {
  const scene = new Scene().at(0, received()).at(7, DONE).at(20, DONE, COMPLETE).at(30, close())
  t.equal(await outcome(scene), '1 completed, 0 failed')
  t.equal(await scene.total('quic_handshake_duration_seconds_sum'), 0.007)
})

t.test(
  'its duration counts from the first packet received, not from the first event',
  async (t) => {
    const scene = new Scene()
      .at(0, sent())
      .at(100, received({ packetType: 'initial' }))
      .at(150, received({ packetType: 'handshake' }))
      .at(160.5, DONE)
    t.equal(await scene.total('quic_handshake_duration_seconds_sum'), 0.0605)
    t.same(await scene.observed('quic_handshake_duration_seconds'), { '0.1': 1 })
  },
)

t.test('without a received packet it is complete and has no duration', async (t) => {
  const scene = new Scene().at(0, sent()).at(5, DONE)
  t.equal(await outcome(scene), '1 completed, 0 failed')
  t.equal(await scene.total('quic_handshake_duration_seconds_count'), 0)
})

t.test('failed: ended before, by reason', async (t) => {
  const cases: readonly (readonly [Happening, string])[] = [
    [{ type: 'connection_closed', initiator: 'local', trigger: 'idle_timeout' }, 'timeout'],
    [{ type: 'connection_closed', initiator: 'local', trigger: 'handshake_timeout' }, 'timeout'],
    [close({ space: 'crypto', code: 0x78 }), 'crypto'],
    [close({ space: 'transport', code: 2 }), 'transport'],
    [close({ space: 'application', code: 0x102 }), 'application'],
    [{ type: 'connection_closed', initiator: 'unknown', trigger: 'version_mismatch' }, 'version'],
    [{ type: 'connection_closed', initiator: 'unknown', trigger: 'stateless_reset' }, 'other'],
    [close({ space: 'transport', code: 0 }), 'other'],
    [close(), 'other'],
  ]
  for (const [ending, reason] of cases) {
    const scene = new Scene().at(0, received()).at(5, ending).at(6, DONE, COMPLETE)
    t.same(
      await scene.counts('quic_handshakes_failed_total'),
      { [reason]: 1 },
      JSON.stringify(ending),
    )
    t.equal(await outcome(scene), '0 completed, 1 failed')
  }
})

t.test('failed: expired or evicted before', async (t) => {
  const expired = new Scene().at(0, received()).finish()
  t.same(await expired.counts('quic_handshakes_failed_total'), { timeout: 1 })
  const evicted = new Scene({ maxConnections: 1 }).in('a', 0, received()).in('b', 1, received())
  t.same(await evicted.counts('quic_handshakes_failed_total'), { other: 1 })
})

t.test('an end by state is a failure once its reason is known', async (t) => {
  const scene = new Scene().at(0, received()).at(5, { type: 'connection_state', state: 'closed' })
  t.equal(await outcome(scene), '0 completed, 0 failed')
  scene.at(9, close({ space: 'crypto', code: 0x78 }))
  t.same(await scene.counts('quic_handshakes_failed_total'), { crypto: 1 })
})

t.test('a file joined late counts neither: nobody saw how its handshake went', async (t) => {
  const late = () => new Scene({ joinedLate: true }).at(0, received())
  t.equal(await outcome(late().at(5, DONE).finish()), '0 completed, 0 failed')
  t.equal(
    await outcome(late().at(5, close({ space: 'transport', code: 2 }))),
    '0 completed, 0 failed',
  )
  const timeout = late().at(5, {
    type: 'connection_closed',
    initiator: 'local',
    trigger: 'idle_timeout',
  })
  t.same(await timeout.counts('quic_connections_closed_total'), { 'idle_timeout unknown': 1 })
})

t.test('0-RTT counts connections, not packets, and only what was received', async (t) => {
  const early = received({ packetType: '0rtt' })
  t.equal(await new Scene().at(0, early).at(1, early).total('quic_zero_rtt_connections_total'), 1)
  const own = new Scene().at(0, sent({ packetType: '0rtt' }))
  t.equal(await own.total('quic_zero_rtt_connections_total'), 0)
})

t.test('a connection has one version, the first that was named', async (t) => {
  const scene = new Scene()
    .at(0, { type: 'version', version: 'v2' })
    .at(1, { type: 'version', version: 'v1' })
  t.same(await scene.counts('quic_connection_versions_total'), { v2: 1 })
})

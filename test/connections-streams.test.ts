/** Streams opened: rises of the highest ordinal of each initiator and type (RFC 9000 §2.1). */
import t from 'tap'
import { type Happening, received, Scene, type SceneOptions, sent } from './support/scene.ts'

const OPENED = 'quic_streams_opened_total'
const naming = (...streamIds: number[]): Happening => received({ streamIds })

t.test('who opened a stream, and of which type, is in its id', async (t) => {
  const cases: readonly (readonly [number, 'server' | 'client', string])[] = [
    [0, 'server', 'remote bidirectional'],
    [1, 'server', 'local bidirectional'],
    [2, 'server', 'remote unidirectional'],
    [3, 'server', 'local unidirectional'],
    [0, 'client', 'local bidirectional'],
    [1, 'client', 'remote bidirectional'],
    [2, 'client', 'local unidirectional'],
    [3, 'client', 'remote unidirectional'],
  ]
  for (const [id, vantage, expected] of cases) {
    const happenings = [naming(id), sent({ streamIds: [id] })]
    for (const happening of happenings) {
      const counts = await new Scene({ vantage }).at(0, happening).counts(OPENED)
      t.same(counts, { [expected]: 1 }, `${id} seen by the ${vantage}`)
    }
  }
})

t.test('a stream counts once, and those that are skipped count too', async (t) => {
  const cases: readonly (readonly [string, Happening[], object])[] = [
    [
      'again and again',
      [naming(0), naming(0), sent({ streamIds: [0] })],
      { 'remote bidirectional': 1 },
    ],
    ['one after the other', [naming(0), naming(4), naming(8)], { 'remote bidirectional': 3 }],
    ['all at once', [naming(0, 4, 8)], { 'remote bidirectional': 3 }],
    ['a higher one opens those below (RFC 9000 §2.1)', [naming(8)], { 'remote bidirectional': 3 }],
    ['reordered', [naming(8), naming(4), naming(0)], { 'remote bidirectional': 3 }],
    [
      'types apart',
      [naming(0, 2, 3, 6)],
      { 'remote bidirectional': 1, 'remote unidirectional': 2, 'local unidirectional': 1 },
    ],
    ['none', [naming()], {}],
  ]
  for (const [what, happenings, expected] of cases) {
    t.same(await new Scene().at(0, ...happenings).counts(OPENED), expected, what)
  }
})

t.test('streams from before a file was joined are no openings that we saw', async (t) => {
  const options: SceneOptions = { joinedLate: true }
  t.same(await new Scene(options).at(0, naming(4000)).counts(OPENED), {})
  t.same(await new Scene(options).at(0, naming(4000)).at(1, naming(4008, 2)).counts(OPENED), {
    'remote bidirectional': 2,
  })
})

t.test('frames that give streams up or wait for credit, by direction', async (t) => {
  const scene = new Scene().at(
    0,
    { type: 'stream_reset', direction: 'sent', frame: 'stop_sending' },
    { type: 'stream_reset', direction: 'received', frame: 'reset_stream' },
    { type: 'blocked', direction: 'sent', frame: 'data_blocked' },
    { type: 'blocked', direction: 'received', frame: 'streams_blocked' },
  )
  t.same(await scene.counts('quic_stream_reset_frames_sent_total'), { stop_sending: 1 })
  t.same(await scene.counts('quic_stream_reset_frames_received_total'), { reset_stream: 1 })
  t.same(await scene.counts('quic_blocked_frames_sent_total'), { data_blocked: 1 })
  t.same(await scene.counts('quic_blocked_frames_received_total'), { streams_blocked: 1 })
})

t.test('path MTU and ECN state: the last value before the end, once per connection', async (t) => {
  const scene = new Scene()
    .at(0, { type: 'path_mtu', bytes: 1280 }, { type: 'ecn_state', state: 'unknown' })
    .at(1, { type: 'path_mtu', bytes: 1452 }, { type: 'ecn_state', state: 'capable' })
  t.equal(await scene.total('quic_path_mtu_bytes_count'), 0)
  scene.finish()
  t.same(await scene.observed('quic_path_mtu_bytes'), { '1452.0': 1 })
  t.same(await scene.counts('quic_ecn_connections_total'), { capable: 1 })
})

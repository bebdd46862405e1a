/** The reason of an end is derived before it is believed: writers call the same end by other names. */
import t from 'tap'
import type { CloseTrigger, QuicError } from '../qlog-parsers/index.ts'
import { DONE, type Happening, received, Scene } from './support/scene.ts'

const closed = (
  initiator: 'local' | 'remote' | 'unknown',
  what: { trigger?: CloseTrigger; error?: QuicError } = {},
): Happening => ({ type: 'connection_closed', initiator, ...what })
const frame = (direction: 'sent' | 'received', error: QuicError): Happening => ({
  type: 'connection_close_frame',
  direction,
  error,
})
const error = (space: QuicError['space'], code: number): QuicError => ({ space, code })
const NO_ERROR = error('transport', 0)
const H3_NO_ERROR = error('application', 0x100)
const trigger = (name: CloseTrigger) => closed('local', { trigger: name })

/** After a last packet received at 1 s of a connection with an idle time-out of 30 s. */
const CASES: readonly (readonly [
  what: string,
  afterReceivedMs: number,
  ending: Happening,
  completed: string,
  notCompleted: string,
])[] = [
  ['a time-out, said early', 5, trigger('idle_timeout'), 'idle_timeout', 'handshake_timeout'],
  ['a time-out', 30_000, trigger('idle_timeout'), 'idle_timeout', 'handshake_timeout'],
  ['of the handshake', 5, trigger('handshake_timeout'), 'idle_timeout', 'handshake_timeout'],
  ['stateless reset', 5, trigger('stateless_reset'), 'stateless_reset', 'stateless_reset'],
  ['version', 5, trigger('version_mismatch'), 'version_mismatch', 'version_mismatch'],
  ['{} at 0.95', 28_500, closed('unknown'), 'idle_timeout', 'handshake_timeout'],
  ['{} just before 0.95', 28_499.999, closed('unknown'), 'unknown', 'unknown'],
  ['{} at once', 0, closed('unknown'), 'unknown', 'unknown'],
  [
    'clean at 0.95',
    28_500,
    closed('local', { error: NO_ERROR }),
    'idle_timeout',
    'handshake_timeout',
  ],
  [
    'clean before 0.95',
    28_499.999,
    closed('local', { error: NO_ERROR }),
    'no_error local',
    'no_error local',
  ],
  ['clean frame at 0.95', 28_500, frame('sent', NO_ERROR), 'idle_timeout', 'handshake_timeout'],
  ['H3_NO_ERROR', 5, frame('sent', H3_NO_ERROR), 'no_error local', 'no_error local'],
  [
    'H3_NO_ERROR by the peer',
    5,
    frame('received', H3_NO_ERROR),
    'no_error remote',
    'no_error remote',
  ],
  [
    'clean by the peer, late',
    29_000,
    frame('received', NO_ERROR),
    'no_error remote',
    'no_error remote',
  ],
  [
    '0 of the application',
    5,
    frame('sent', error('application', 0)),
    'no_error local',
    'no_error local',
  ],
  [
    'application error',
    5,
    frame('received', error('application', 0x10c)),
    'application_error remote',
    'application_error remote',
  ],
  [
    'transport error',
    5,
    closed('local', { error: error('transport', 0xa) }),
    'transport_error local',
    'transport_error local',
  ],
  [
    'an error is believed at any time',
    29_999,
    closed('local', { error: error('transport', 0xa) }),
    'transport_error local',
    'transport_error local',
  ],
  [
    'TLS alert',
    5,
    closed('remote', { error: error('crypto', 0x78) }),
    'crypto_error remote',
    'crypto_error remote',
  ],
  [
    'close_notify',
    5,
    frame('sent', error('crypto', 0)),
    'crypto_error local',
    'crypto_error local',
  ],
]

for (const [what, after, ending, completed, notCompleted] of CASES) {
  t.test(`close reason: ${what}`, async (t) => {
    for (const done of [true, false]) {
      const scene = new Scene()
        .at(1000, received(), ...(done ? [DONE] : []))
        .at(1000 + after, ending)
      const reason = done ? completed : notCompleted
      const expected = reason.includes(' ') ? reason : `${reason} unknown`
      t.same(
        await scene.counts('quic_connections_closed_total'),
        { [expected]: 1 },
        `done: ${done}`,
      )
    }
  })
}

t.test('a connection that never received a packet was not idle since one', async (t) => {
  const scene = new Scene().at(0, DONE).at(60_000, closed('unknown'))
  t.same(await scene.counts('quic_connections_closed_total'), { 'unknown unknown': 1 })
})

t.test('0.95 is taken of the idle time-out in force, the smaller one that is not 0', async (t) => {
  const cases = [
    [3_000, 10_000, 2_850, 'idle_timeout unknown'],
    [3_000, 10_000, 2_849, 'unknown unknown'],
    [10_000, 3_000, 2_850, 'idle_timeout unknown'],
    [0, 3_000, 2_850, 'idle_timeout unknown'],
    [3_000, undefined, 2_850, 'idle_timeout unknown'],
    [0, undefined, 2_850, 'unknown unknown'],
    [0, 0, 28_500, 'idle_timeout unknown'],
  ] as const
  for (const [local, remote, after, expected] of cases) {
    const side = (name: 'local' | 'remote', ms: number | undefined): Happening => ({
      type: 'parameters',
      side: name,
      ...(ms === undefined ? {} : { maxIdleTimeoutUs: ms * 1000 }),
    })
    const scene = new Scene()
      .at(0, side('local', local), side('remote', remote))
      .at(100, received(), DONE)
      .at(100 + after, closed('unknown'))
    const counts = await scene.counts('quic_connections_closed_total')
    t.same(counts, { [expected]: 1 }, `${local} and ${remote}`)
  }
})

t.test('errors are counted by layer and registered code, NO_ERROR is none', async (t) => {
  const cases: readonly (readonly [QuicError, object])[] = [
    [error('crypto', 0x78), { 'crypto no_application_protocol': 1 }],
    [error('crypto', 0), { 'crypto other': 1 }],
    [error('crypto', 255), { 'crypto other': 1 }],
    [error('transport', 0xa), { 'transport protocol_violation': 1 }],
    [error('transport', 0x4242), { 'transport other': 1 }],
    [error('transport', -1), { 'transport other': 1 }],
    [error('application', 0x10c), { 'application h3_request_cancelled': 1 }],
    [error('application', 0x200), { 'application qpack_decompression_failed': 1 }],
    [error('application', 77), { 'application other': 1 }],
    [NO_ERROR, {}],
    [H3_NO_ERROR, {}],
  ]
  for (const [one, expected] of cases) {
    const scene = new Scene().at(0, received(), DONE).at(10, frame('sent', one))
    t.same(await scene.counts('quic_connection_errors_total'), expected, JSON.stringify(one))
  }
})

t.test('a code means one thing only in its own layer', async (t) => {
  // 0x100 is H3_NO_ERROR for the application and no code of the transport.
  const scene = new Scene().at(0, received(), DONE).at(10, frame('sent', error('transport', 0x100)))
  t.same(await scene.counts('quic_connections_closed_total'), { 'transport_error local': 1 })
})

t.test('an end that was only seen as a state is judged by when it happened', async (t) => {
  const judged = async (endedMs: number, ...later: Happening[]) => {
    const scene = new Scene()
      .at(1000, received(), DONE)
      .at(endedMs, { type: 'connection_state', state: 'draining' })
      .at(endedMs + 28_900, ...later, closed('unknown'))
    return scene.counts('quic_connections_closed_total')
  }
  t.same(await judged(1010), { 'unknown unknown': 1 }, 'the close event comes 29 s later')
  t.same(await judged(30_000), { 'idle_timeout unknown': 1 })
  t.same(await judged(30_000, received()), { 'idle_timeout unknown': 1 }, 'behind a late packet')
})

/** Time in congestion states: every microsecond once, long gaps are idle, nothing after the end. */
import fc from 'fast-check'
import t from 'tap'
import type { CongestionState } from '../qlog-parsers/index.ts'
import { nonZero, total } from './support/page.ts'
import { CLOSE, type Happening, received, Scene } from './support/scene.ts'

const SECONDS = 'quic_congestion_state_seconds_total'
const ENTRIES = 'quic_congestion_state_transitions_total'
const into = (state: CongestionState): Happening => ({ type: 'congestion_state', state })

t.test('time between two events belongs to the state in force, up to 1 s', async (t) => {
  const cases: readonly (readonly [string, (scene: Scene) => unknown, object])[] = [
    ['short', (s) => s.at(0, into('slow_start')).at(300, CLOSE), { slow_start: 0.3 }],
    ['exactly 1 s', (s) => s.at(0, into('slow_start')).at(1000, CLOSE), { slow_start: 1 }],
    [
      'a longer gap is idle',
      (s) => s.at(0, into('slow_start')).at(31_000.001, CLOSE),
      { slow_start: 1, idle: 30.000001 },
    ],
    [
      'of any two events, not of two states',
      (s) => s.at(0, into('slow_start')).at(900, received()).at(1800, received()).at(2700, CLOSE),
      { slow_start: 2.7 },
    ],
    [
      'each its own',
      (s) => s.at(0, into('slow_start')).at(100, into('recovery')).at(150, CLOSE),
      { slow_start: 0.1, recovery: 0.05 },
    ],
    [
      'a gap before a change is of the old state',
      (s) => s.at(0, into('slow_start')).at(5000, into('recovery')).at(5001, CLOSE),
      { slow_start: 1, idle: 4, recovery: 0.001 },
    ],
    [
      'before the first state nothing is known',
      (s) => s.at(0).at(500, into('recovery'), CLOSE),
      {},
    ],
    [
      'it stops at the end',
      (s) => s.at(0, into('slow_start')).at(100, CLOSE).at(900, received()).at(9000, received()),
      { slow_start: 0.1 },
    ],
    [
      'given up: at the last event',
      (s) => s.at(0, into('slow_start')).at(700, received()).finish(),
      { slow_start: 0.7 },
    ],
    [
      'time that goes back adds nothing',
      (s) => s.at(10, into('slow_start')).at(5, received()).at(20, CLOSE),
      { slow_start: 0.01 },
    ],
  ]
  for (const [what, play, expected] of cases) {
    const scene = new Scene()
    play(scene)
    t.same(await scene.counts(SECONDS), expected, what)
  }
})

t.test(
  'it is told while it passes, not at the end of a connection that lives for days',
  async (t) => {
    const scene = new Scene().at(0, into('slow_start'))
    for (let ms = 500; ms <= 10_000; ms += 500) scene.at(ms, received())
    t.ok(((await scene.total(SECONDS, { state: 'slow_start' })) as number) >= 9)
  },
)

t.test('a transition is a change: the same state again is none', async (t) => {
  const scene = new Scene()
    .at(0, into('slow_start'), into('slow_start'))
    .at(10, into('recovery'))
    .at(20, into('slow_start'), into('slow_start'))
    .at(30, CLOSE)
    .at(40, into('recovery'))
  t.same(await scene.counts(ENTRIES), { slow_start: 2, recovery: 1 })
  t.same(await scene.counts(SECONDS), { slow_start: 0.02, recovery: 0.01 })
})

t.test('two connections of one file do not share their time', async (t) => {
  const scene = new Scene()
    .in('a', 0, into('slow_start'))
    .in('b', 100, into('recovery'))
    .in('a', 200, CLOSE)
    .in('b', 400, CLOSE)
  t.same(await scene.counts(SECONDS), { slow_start: 0.2, recovery: 0.3 })
})

t.test('a writer without states gets no such series', async (t) => {
  const page = await new Scene({ dialect: 'ngtcp2' }).at(0, received()).finish().page()
  t.equal(nonZero(page, SECONDS), undefined)
  t.equal(nonZero(page, ENTRIES), undefined)
})

t.test('all states together are the time from the first state to the end', async (t) => {
  const states = ['slow_start', 'recovery', 'congestion_avoidance', 'application_limited'] as const
  const step = fc.record({
    afterUs: fc.oneof(fc.nat(2_000_000), fc.nat(100_000_000)),
    state: fc.option(fc.constantFrom(...states)),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const scene = new Scene()
      let at = 0
      let first: number | undefined
      for (const { afterUs, state } of steps) {
        at += afterUs
        if (state === null) scene.at(at / 1000, received())
        else {
          scene.at(at / 1000, into(state))
          first ??= at
        }
      }
      scene.at(at / 1000, CLOSE)
      const page = await scene.page()
      const us = Math.round((total(page, SECONDS) as number) * 1e6)
      return us === at - (first ?? at)
    }),
    { numRuns: 100 },
  )
  t.pass()
})

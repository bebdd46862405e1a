/** Recovery metrics: one sample per busy second, with the right value, and never a guess. */
import fc from 'fast-check'
import t from 'tap'
import { observed, total } from './support/page.ts'
import { CLOSE, type Happening, metrics, received, Scene, sent } from './support/scene.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

const rtt = (ms: number, minMs = ms) =>
  metrics({ smoothedRttUs: ms * 1000, minRttUs: minMs * 1000, rttVariationUs: ms * 500 })
const inFlight = (bytesInFlight: number) => metrics({ bytesInFlight })
const GUESS = metrics({ initialGuess: true, smoothedRttUs: 333_000, minRttUs: 333_000 })

t.test('exactly one sample for each second with recovery metrics', async (t) => {
  const cases: readonly (readonly [string, (scene: Scene) => unknown, number])[] = [
    ['one record, then the end', (s) => s.at(0, rtt(20)).at(1, CLOSE), 1],
    ['many in one second', (s) => s.at(0, rtt(20)).at(500, rtt(21)).at(999, rtt(22), CLOSE), 1],
    ['in two seconds', (s) => s.at(0, rtt(20)).at(1000, rtt(21), CLOSE), 2],
    ['nothing in the second one', (s) => s.at(0, rtt(20)).at(1500, sent()).at(2500, CLOSE), 1],
    ['hours apart', (s) => s.at(0, rtt(20)).at(7_200_000, rtt(21), CLOSE), 2],
    ['none at all', (s) => s.at(0, received()).at(1500, sent(), CLOSE), 0],
    ['only after the end', (s) => s.at(0, received(), CLOSE).at(5, rtt(20)).at(2000, rtt(20)), 0],
    ['no sample at the start', (s) => s.at(0, rtt(20)), 0],
    ['not before a later second is seen', (s) => s.at(0, rtt(20)).at(999.999, sent()), 0],
    ['seen by any event of a later second', (s) => s.at(0, rtt(20)).at(1000, sent()), 1],
    ['given up', (s) => s.at(0, rtt(20)).finish(), 1],
  ]
  for (const [what, play, samples] of cases) {
    const scene = new Scene()
    play(scene)
    t.equal(await scene.total('quic_rtt_seconds_count'), samples, what)
  }
})

t.test('seconds count from the first event of the connection, not from the clock', async (t) => {
  const scene = new Scene()
    .at(700, received())
    .at(1600, rtt(20))
    .at(1699, rtt(21))
    .at(1701, rtt(22))
  t.equal(await scene.total('quic_rtt_seconds_sum'), 0.021)
})

t.test('samples are the values in force at the end of the second', async (t) => {
  const scene = new Scene()
    .at(0, metrics({ smoothedRttUs: 90_000, congestionWindow: 1_000_000, pacingRate: 5 }))
    .at(900, metrics({ smoothedRttUs: 20_000, minRttUs: 15_000, rttVariationUs: 3_000 }))
    .at(950, metrics({ congestionWindow: 40_000, pacingRate: 9_000 }))
    .at(1000, metrics({ smoothedRttUs: 70_000, congestionWindow: 9 }))
  const page = await scene.page()
  t.equal(total(page, 'quic_rtt_seconds_sum'), 0.02)
  t.equal(total(page, 'quic_rtt_above_min_seconds_sum'), 0.005)
  t.equal(total(page, 'quic_rtt_variation_seconds_sum'), 0.003)
  t.equal(total(page, 'quic_congestion_window_bytes_sum'), 40_000)
  t.equal(total(page, 'quic_bandwidth_estimate_bytes_per_second_sum'), 2_000_000)
})

t.test('a value stays in force in later seconds until another is told', async (t) => {
  const scene = new Scene({ dialect: 'quiche' })
    .at(0, rtt(20), metrics({ congestionWindow: 5000, pacingRate: 700 }))
    .at(1500, inFlight(1))
    .at(2000, sent())
  const page = await scene.page()
  t.equal(total(page, 'quic_rtt_seconds_sum'), 0.04)
  t.equal(total(page, 'quic_congestion_window_bytes_sum'), 10_000)
  t.equal(total(page, 'quic_pacing_rate_bytes_per_second_sum'), 1_400)
})

t.test(
  'bytes in flight: the largest value of the second, the one it begins with included',
  async (t) => {
    const cases: readonly (readonly [string, (scene: Scene) => unknown, number[]])[] = [
      ['largest', (s) => s.at(0, inFlight(10)).at(1, inFlight(5000)).at(2, inFlight(0)), [5000]],
      [
        'carried over',
        (s) => s.at(0, inFlight(5000)).at(1100, inFlight(100)).at(2100, inFlight(50)),
        [5000, 5000, 100],
      ],
      [
        'carried over quiet seconds',
        (s) => s.at(0, inFlight(5000)).at(900, inFlight(300)).at(9100, inFlight(100)),
        [5000, 300],
      ],
      ['nothing in flight', (s) => s.at(0, inFlight(0)), [0]],
      ['never told', (s) => s.at(0, rtt(20)), []],
    ]
    for (const [what, play, samples] of cases) {
      const scene = new Scene()
      play(scene)
      scene.finish()
      const page = await scene.page()
      t.equal(total(page, 'quic_in_flight_bytes_count'), samples.length, what)
      const sum = samples.reduce((all, one) => all + one, 0)
      t.equal(total(page, 'quic_in_flight_bytes_sum'), sum, what)
    }
  },
)

t.test('an initial guess is no measurement, its minimum included', async (t) => {
  const scene = new Scene().at(0, GUESS, metrics({ congestionWindow: 9000 })).at(1000, sent())
  const page = await scene.page()
  t.equal(total(page, 'quic_rtt_seconds_count'), 0)
  t.equal(total(page, 'quic_rtt_above_min_seconds_count'), 0)
  t.equal(total(page, 'quic_bandwidth_estimate_bytes_per_second_count'), 0)
  t.equal(total(page, 'quic_congestion_window_bytes_count'), 1, 'the second was busy all the same')
  t.equal(await scene.finish().total('quic_min_rtt_seconds_count'), 0)
})

t.test(
  'a path reset forgets the RTT of the old path, not the smallest of the connection',
  async (t) => {
    const resets: readonly Happening[] = [{ type: 'path_reset' }, GUESS]
    for (const reset of resets) {
      const scene = new Scene()
        .at(0, rtt(20))
        .at(1100, rtt(25))
        .at(1200, reset)
        .at(2100, rtt(60, 50))
      const before = await scene.page()
      t.equal(total(before, 'quic_rtt_seconds_count'), 1, 'no RTT is in force at the end of it')
      t.equal(total(before, 'quic_rtt_seconds_sum'), 0.02)
      t.equal(total(before, 'quic_rtt_variation_seconds_count'), 1)
      const after = await scene.at(2200, CLOSE).page()
      t.equal(total(after, 'quic_rtt_seconds_sum'), 0.08)
      t.equal(total(after, 'quic_rtt_above_min_seconds_sum'), 0.04)
      t.equal(total(after, 'quic_min_rtt_seconds_sum'), 0.02)
    }
  },
)

t.test('the smallest minimum, once per connection, at its end', async (t) => {
  const scene = new Scene().at(0, rtt(30, 25)).at(1, rtt(30, 12)).at(2, rtt(30, 19))
  t.equal(await scene.total('quic_min_rtt_seconds_count'), 0)
  scene.at(3, CLOSE).at(4, rtt(1))
  t.equal(await scene.total('quic_min_rtt_seconds_sum'), 0.012)
  t.equal(await scene.total('quic_min_rtt_seconds_count'), 1)
})

t.test('no bandwidth while the smoothed RTT is 0, which is a valid one', async (t) => {
  const page = await new Scene({ dialect: 'ngtcp2' })
    .at(0, rtt(0), metrics({ congestionWindow: 9000 }))
    .at(1000, sent())
    .page()
  t.same(observed(page, 'quic_rtt_seconds'), { '0.0005': 1 })
  t.equal(total(page, 'quic_bandwidth_estimate_bytes_per_second_count'), 0)
})

t.test('probe timeouts are the rises of pto_count', async (t) => {
  const counts: readonly (readonly [number[], number])[] = [
    [[0], 0],
    [[1], 1],
    [[0, 1, 2, 3], 3],
    [[3], 3],
    [[2, 0, 1], 3],
    [[1, 1, 1], 1],
    [[5, 4, 5], 6],
  ]
  for (const [series, expected] of counts) {
    const scene = new Scene()
    for (const ptoCount of series) scene.at(0, metrics({ ptoCount }))
    t.equal(await scene.total('quic_pto_total'), expected, series.join(' '))
  }
})

t.test('whatever is written when: as many samples as seconds with recovery metrics', async (t) => {
  const step = fc.record({ afterMs: fc.nat(1500), busy: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const scene = new Scene()
      const seconds = new Set<number>()
      let at = 0
      for (const [i, { afterMs, busy }] of steps.entries()) {
        if (i > 0) at += afterMs
        scene.at(at, busy ? rtt(20) : sent())
        if (busy) seconds.add(Math.floor(at / 1000))
      }
      scene.at(at, CLOSE)
      return (await scene.total('quic_rtt_seconds_count')) === seconds.size
    }),
    { numRuns: 100 },
  )
  t.pass()
})

const METRICS_EVENT: Readonly<Record<string, string>> = {
  'quic-go': 'recovery:metrics_updated',
  'quic-go-legacy': 'recovery:metrics_updated',
  quiche: 'quic:recovery_metrics_updated',
  'quiche-legacy': 'recovery:metrics_updated',
  ngtcp2: 'recovery:metrics_updated',
}

for (const [dialect, name] of Object.entries(METRICS_EVENT)) {
  const sums = async (...records: readonly (readonly [ms: number, data: object])[]) => {
    const file = fileOf(headerOf(dialect), ...records.map(([time, data]) => ({ time, name, data })))
    const page = await read([file])
    return ['quic_rtt_seconds', 'quic_min_rtt_seconds', 'quic_rtt_variation_seconds'].map(
      (family) => (total(page, `${family}_count`) === 0 ? undefined : total(page, `${family}_sum`)),
    )
  }

  t.test(`${dialect}: 333 ms without a latest RTT is the initial guess`, async (t) => {
    const guess = { smoothed_rtt: 333, rtt_variance: 166, congestion_window: 1 }
    const nothing = [undefined, undefined, undefined]
    t.same(await sums([0, guess]), nothing)
    t.same(await sums([0, { ...guess, latest_rtt: 0 }]), nothing)
    t.same(await sums([0, { ...guess, min_rtt: 333 }]), nothing)
    t.same(await sums([0, { ...guess, min_rtt: 333, latest_rtt: 320 }]), [0.333, 0.333, 0.166])
    t.same(
      await sums([0, { smoothed_rtt: 332, min_rtt: 331, rtt_variance: 1 }]),
      [0.332, 0.331, 0.001],
    )
    t.same(
      await sums(
        [0, { smoothed_rtt: 20, min_rtt: 18, latest_rtt: 20, rtt_variance: 2 }],
        [1500, guess],
      ),
      [0.02, 0.018, 0.002],
      'after a measurement it is another path',
    )
  })

  t.test(`${dialect}: an RTT of 0`, async (t) => {
    const zero = { smoothed_rtt: 0, min_rtt: 0, latest_rtt: 0, rtt_variance: 0, pto_count: 0 }
    const wholeMs = dialect === 'ngtcp2'
    t.same(await sums([0, zero]), wholeMs ? [0, 0, 0] : [undefined, undefined, undefined])
  })
}

t.test(
  'quic-go ≥ 0.56 leaves zeros out: nothing in flight, but not next to pto_count alone',
  async (t) => {
    const largest = async (dialect: string, data: object) => {
      const name = METRICS_EVENT[dialect]
      const file = fileOf(
        headerOf(dialect),
        { time: 0, name, data: { bytes_in_flight: 700, smoothed_rtt: 20 } },
        { time: 1, name, data },
        { time: 1001, name, data: { pto_count: 1 } },
      )
      return total(await read([file]), 'quic_in_flight_bytes_sum')
    }
    const cases: readonly (readonly [object, number, string])[] = [
      [{ smoothed_rtt: 21 }, 700, 'neither in-flight field: 0'],
      [{ packets_in_flight: 1 }, 1400, 'one of the fields'],
      [{ bytes_in_flight: 700 }, 1400, 'told'],
      [{ pto_count: 1 }, 1400, 'pto_count alone says nothing'],
      [{ pto_count: 1, smoothed_rtt: 21 }, 700, 'pto_count and more'],
      [{}, 1400, 'nothing at all says nothing'],
    ]
    for (const [data, sum, what] of cases) {
      t.equal(await largest('quic-go', data), sum, what)
      t.equal(await largest('quic-go-legacy', data), 1400, `before 0.56: ${what}`)
    }
  },
)

t.test('pacing rates of quiche are bytes per second, and need not be whole', async (t) => {
  const file = fileOf(headerOf('quiche'), {
    time: 0,
    name: 'quic:recovery_metrics_updated',
    data: { pacing_rate: 8000.4, cf_lost_packets: { total: 0, delta: 0 } },
  })
  t.equal(total(await read([file]), 'quic_pacing_rate_bytes_per_second_sum'), 8000)
})

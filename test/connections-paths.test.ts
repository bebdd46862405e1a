/** Path validation: one attempt per path, however many challenges it took, with one outcome. */
import fc from 'fast-check'
import t from 'tap'
import { total } from './support/page.ts'
import {
  challenge,
  DONE,
  type Happening,
  metrics,
  received,
  response,
  Scene,
  type SceneOptions,
} from './support/scene.ts'

const CLOSE: Happening = {
  type: 'connection_close_frame',
  direction: 'sent',
  error: { space: 'transport', code: 0 },
}
const RESET: Happening = { type: 'path_reset' }
const rtt = (ms: number, variationMs: number) =>
  metrics({ smoothedRttUs: ms * 1000, minRttUs: ms * 1000, rttVariationUs: variationMs * 1000 })

/** Handshake complete at 0. */
const ready = (options: SceneOptions = {}) => new Scene(options).at(0, received(), DONE)

async function outcome(scene: Scene): Promise<string> {
  const page = await scene.page()
  const count = (name: string) => total(page, `quic_path_validations_${name}`) as number
  const failed = count('failed_total')
  return `${count('total') - failed} validated, ${failed} failed, ${count('abandoned_total')} abandoned`
}

type Script = readonly (readonly [ms: number, ...happenings: Happening[]])[]

function play(script: Script, options: SceneOptions = {}): Scene {
  const scene = ready(options)
  for (const [ms, ...happenings] of script) scene.at(ms, ...happenings)
  return scene
}

const CASES: readonly (readonly [what: string, script: Script, expected: string])[] = [
  [
    'answered',
    [
      [10, challenge('a')],
      [40, response('a')],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'keyed by the connection id: the same path',
    [
      [10, challenge('a', 'x')],
      [2000, challenge('b', 'x')],
      [2010, response('a'), response('b')],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'keyed by the connection id: two paths',
    [
      [10, challenge('a', 'x')],
      [11, challenge('b', 'y')],
      [20, response('b'), response('a')],
    ],
    '2 validated, 0 failed, 0 abandoned',
  ],
  [
    'a second challenge joins while the first is unanswered',
    [
      [10, challenge('a')],
      [500, challenge('b')],
      [900, response('b'), response('a')],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'joins within 10 ms of the response',
    [
      [0, rtt(1, 1)],
      [10, challenge('a')],
      [20, response('a')],
      [30, challenge('b')],
      [31, CLOSE],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'later it is another path',
    [
      [0, rtt(1, 1)],
      [10, challenge('a')],
      [20, response('a')],
      [30.001, challenge('b')],
      [31, CLOSE],
    ],
    '1 validated, 0 failed, 1 abandoned',
  ],
  [
    'the old path is validated within a round trip of the response',
    [
      [0, rtt(200, 1)],
      [10, challenge('a')],
      [20, response('a')],
      [220, challenge('b')],
      [221, CLOSE],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'after a round trip it is another path',
    [
      [0, rtt(200, 1)],
      [10, challenge('a')],
      [20, response('a')],
      [221, challenge('b')],
      [222, CLOSE],
    ],
    '1 validated, 0 failed, 1 abandoned',
  ],
  [
    'a path reset lies between',
    [
      [10, challenge('a')],
      [11, RESET, challenge('b')],
      [20, response('a'), response('b')],
    ],
    '2 validated, 0 failed, 0 abandoned',
  ],
  [
    'a reset before the first challenge parts nothing',
    [
      [9, RESET],
      [10, challenge('a')],
      [11, challenge('b')],
      [20, response('b')],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'pairs of challenges, both answered',
    [
      [10, challenge('a'), challenge('b')],
      [40, response('a'), response('b')],
      [3000, challenge('c'), challenge('d')],
      [3040, response('d')],
      [3050, response('c')],
    ],
    '2 validated, 0 failed, 0 abandoned',
  ],
  [
    'pairs of challenges, one answered',
    [
      [10, challenge('a'), challenge('b')],
      [40, response('b')],
      [9000, CLOSE],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'without data responses answer in order',
    [
      [10, challenge()],
      [11, RESET, challenge()],
      [20, response()],
      [9000, CLOSE],
    ],
    '1 validated, 1 failed, 0 abandoned',
  ],
  [
    'data that nobody sent',
    [
      [10, challenge('a')],
      [20, response('b')],
      [30, CLOSE],
    ],
    '0 validated, 0 failed, 1 abandoned',
  ],
  [
    'a response before its challenge',
    [
      [10, response('a')],
      [20, challenge('a')],
      [30, CLOSE],
    ],
    '0 validated, 0 failed, 1 abandoned',
  ],
  [
    'a response twice',
    [
      [10, challenge('a')],
      [20, response('a')],
      [21, response('a')],
      [22, CLOSE],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'a response that we sent is not ours to wait for',
    [
      [10, challenge('a')],
      [20, { type: 'path_response', direction: 'sent', data: 'a' }],
      [30, CLOSE],
    ],
    '0 validated, 0 failed, 1 abandoned',
  ],
  [
    'a challenge that we received opens nothing',
    [
      [10, { type: 'path_challenge', direction: 'received', data: 'a' }],
      [9000, CLOSE],
    ],
    '0 validated, 0 failed, 0 abandoned',
  ],
  [
    'nothing answers for 3 s',
    [[0, rtt(1, 1)], [10, challenge('a')], [3010.001]],
    '0 validated, 1 failed, 0 abandoned',
  ],
  [
    'the last moment',
    [
      [0, rtt(1, 1)],
      [10, challenge('a')],
      [3010, response('a')],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'answered too late',
    [
      [0, rtt(1, 1)],
      [10, challenge('a')],
      [3011, response('a')],
    ],
    '0 validated, 1 failed, 0 abandoned',
  ],
  [
    '3 × PTO where that is longer: 3 × (500 + 4 × 250 + 25) ms',
    [
      [0, rtt(500, 250)],
      [10, challenge('a')],
      [4585, response('a')],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'and no longer than that',
    [[0, rtt(500, 250)], [10, challenge('a')], [4585.001]],
    '0 validated, 1 failed, 0 abandoned',
  ],
  [
    'open for 1 s at the end',
    [
      [10, challenge('a')],
      [1010, CLOSE],
    ],
    '0 validated, 1 failed, 0 abandoned',
  ],
  [
    'open for less at the end',
    [
      [10, challenge('a')],
      [1009.999, CLOSE],
    ],
    '0 validated, 0 failed, 1 abandoned',
  ],
  [
    'challenges after the end',
    [[10, CLOSE], [11, challenge('a')], [5000]],
    '0 validated, 0 failed, 0 abandoned',
  ],
  [
    'one attempt after the other',
    [
      [0, rtt(1, 1)],
      [10, challenge('a')],
      [3011, challenge('b')],
      [6012, challenge('c')],
      [6013, response('c')],
    ],
    '1 validated, 2 failed, 0 abandoned',
  ],
]

for (const [what, script, expected] of CASES) {
  t.test(`path validation: ${what}`, async (t) => {
    t.equal(await outcome(play(script)), expected)
  })
}

t.test(
  'a challenge before the handshake is complete opens nothing, its frame counts',
  async (t) => {
    const scene = new Scene()
      .at(0, received())
      .at(1, challenge('a'))
      .at(2, DONE)
      .at(3, response('a'))
    t.equal(await outcome(scene.at(4, CLOSE)), '0 validated, 0 failed, 0 abandoned')
    t.equal(await scene.total('quic_path_challenges_sent_total'), 1)
    t.equal(await scene.total('quic_path_responses_received_total'), 1)
    const late = new Scene({ joinedLate: true }).at(0, challenge('a')).at(1, response('a'))
    t.equal(await outcome(late), '1 validated, 0 failed, 0 abandoned', 'joined after it')
  },
)

t.test(
  'expiry settles open attempts by event time, not by how long the file was silent',
  async (t) => {
    const young = play([
      [10, challenge('a')],
      [900, received()],
    ]).silentFor(660_000)
    t.equal(await outcome(young), '0 validated, 0 failed, 1 abandoned')
    const old = play([
      [10, challenge('a')],
      [1500, received()],
    ]).silentFor(660_000)
    t.equal(await outcome(old), '0 validated, 1 failed, 0 abandoned')
  },
)

t.test('the duration is from the first challenge of the path to its first response', async (t) => {
  const scene = play([
    [10, challenge('a', 'x')],
    [20, challenge('b', 'x')],
    [52.5, response('b')],
    [70, response('a')],
    [71, challenge('c', 'y')],
    [900, CLOSE],
  ])
  t.equal(await scene.total('quic_path_validation_duration_seconds_sum'), 0.0425)
  t.same(await scene.observed('quic_path_validation_duration_seconds'), { '0.05': 1 })
})

t.test('every attempt has one outcome, and no more attempts than challenges', async (t) => {
  const data = fc.constantFrom('a', 'b', 'c')
  const happening = fc.oneof(
    fc
      .tuple(data, fc.option(fc.constantFrom('x', 'y'), { nil: undefined }))
      .map((one) => challenge(...one)),
    data.map((one) => response(one)),
    fc.constantFrom<Happening>(RESET, received(), rtt(20, 5)),
  )
  const step = fc.record({ afterMs: fc.nat(1200), happening })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const scene = ready()
      let at = 0
      for (const { afterMs, happening } of steps) {
        at += afterMs
        scene.at(at, happening)
      }
      const page = await scene.finish().page()
      const count = (name: string) => total(page, name) as number
      const finished =
        count('quic_path_validations_total') + count('quic_path_validations_abandoned_total')
      const challenges = count('quic_path_challenges_sent_total')
      const validated =
        count('quic_path_validations_total') - count('quic_path_validations_failed_total')
      return (
        finished <= challenges &&
        finished > 0 === challenges > 0 &&
        validated <= count('quic_path_responses_received_total') &&
        count('quic_path_validation_duration_seconds_count') === validated
      )
    }),
    { numRuns: 150 },
  )
  t.pass()
})

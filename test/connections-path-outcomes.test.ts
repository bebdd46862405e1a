/** Path validation: every attempt has one outcome, at the right moment. */
import fc from 'fast-check'
import t from 'tap'
import { total } from './support/page.ts'
import { outcome, play, RESET, rtt, type Script } from './support/path-scene.ts'
import { CLOSE, challenge, type Happening, received, response } from './support/scene.ts'

const CASES: readonly (readonly [what: string, script: Script, expected: string])[] = [
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
      const scene = play([])
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

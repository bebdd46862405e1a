/** Path validation: one attempt per path, however many challenges it took. */
import t from 'tap'
import { outcome, play, RESET, rtt, type Script } from './support/path-scene.ts'
import { CLOSE, challenge, DONE, received, response, Scene } from './support/scene.ts'

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
    'the old path is validated within one and a half round trips of the response',
    [
      [0, rtt(200, 1)],
      [10, challenge('a')],
      [20, response('a')],
      [320, challenge('b')],
      [321, CLOSE],
    ],
    '1 validated, 0 failed, 0 abandoned',
  ],
  [
    'after more than that it is another path',
    [
      [0, rtt(200, 1)],
      [10, challenge('a')],
      [20, response('a')],
      [320.001, challenge('b')],
      [321, CLOSE],
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
    'a reset parts two paths, not all that follow',
    [
      [10, challenge('a')],
      [11, RESET, challenge('b')],
      [12, challenge('c')],
      [20, response('a'), response('b'), response('c')],
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

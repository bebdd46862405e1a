/** Migrations: every move once, a move that never worked once too, and of which kind it was. */
import t from 'tap'
import { nonZero } from './support/page.ts'
import {
  CLOSE,
  challenge,
  DONE,
  type Happening,
  metrics,
  received,
  response,
  Scene,
  type SceneOptions,
  sent,
} from './support/scene.ts'

const CHALLENGED: Happening = { type: 'path_challenge', direction: 'received', data: 'p' }
const RETIRED: Happening = { type: 'retire_connection_id', direction: 'received' }
const id = (destinationId: string) => received({ destinationId })

/** What a letter does: attempts follow each other every 10 s, each on a path of its own. */
const STEPS: Readonly<Record<string, (scene: Scene, at: number) => void>> = {
  // Validated, failed, and (as the last one) cut short by the end.
  v: (scene, at) => scene.at(at, challenge(`${at}`, `${at}`)).at(at + 20, response(`${at}`)),
  f: (scene, at) => scene.at(at, challenge(`${at}`, `${at}`)).at(at + 9_000),
  a: (scene, at) => scene.at(at, challenge(`${at}`, `${at}`)).at(at + 20, CLOSE),
}

function play(letters: string, options: SceneOptions = {}): Scene {
  const scene = new Scene(options).at(0, received(), DONE, metrics({ smoothedRttUs: 20_000 }))
  let at = 1000
  for (const letter of letters) {
    STEPS[letter]?.(scene, at)
    at += 10_000
  }
  return scene
}

async function moves(scene: Scene): Promise<string> {
  const page = await scene.page()
  const sum = (name: string) =>
    Object.values(nonZero(page, name) ?? {}).reduce((all, value) => all + value, 0)
  const [all, failed] = ['', '_failed'].map((one) => sum(`quic_connection_migrations${one}_total`))
  return `${all} moves, ${failed} failed`
}

t.test('each validated attempt and each run of failed ones is a move', async (t) => {
  const cases: Readonly<Record<string, string>> = {
    '': '0 moves, 0 failed',
    v: '1 moves, 0 failed',
    vv: '2 moves, 0 failed',
    f: '1 moves, 1 failed',
    fff: '1 moves, 1 failed',
    fv: '2 moves, 1 failed',
    ffvff: '3 moves, 2 failed',
    a: '1 moves, 0 failed',
    va: '2 moves, 0 failed',
    fa: '1 moves, 1 failed',
    ffa: '1 moves, 1 failed',
    fva: '3 moves, 1 failed',
  }
  for (const [letters, expected] of Object.entries(cases)) {
    t.equal(await moves(play(letters)), expected, letters)
  }
})

t.test('a failed attempt at the end belongs to the run before it', async (t) => {
  const scene = play('f').at(20_000, challenge('z', 'z')).at(22_000, CLOSE)
  t.equal(await moves(scene), '1 moves, 1 failed')
})

t.test('several paths that are tried at once and never answered are one move', async (t) => {
  const scene = play('')
    .at(1000, challenge('a', 'x'))
    .at(2000, challenge('b', 'y'))
    .at(3000, challenge('c', 'z'))
    .at(9000, received())
  t.equal(await scene.total('quic_path_validations_failed_total'), 3)
  t.equal(await moves(scene), '1 moves, 1 failed')
})

t.test('the move was active if the peer showed that it moves, else a NAT rebinding', async (t) => {
  const cases: readonly (readonly [string, Happening[], string])[] = [
    ['nothing', [], 'nat_rebinding'],
    ['another destination connection id', [id('a'), id('b')], 'active'],
    ['the same one', [id('a'), id('a')], 'nat_rebinding'],
    ['only one ever', [id('a')], 'nat_rebinding'],
    ['a challenge received', [CHALLENGED], 'active'],
    ['a challenge sent', [], 'nat_rebinding'],
    ['a retired id', [RETIRED], 'active'],
    [
      'an id that we retired',
      [{ type: 'retire_connection_id', direction: 'sent' }],
      'nat_rebinding',
    ],
    [
      'ids of packets that are not 1-RTT',
      [
        received({ destinationId: 'a', packetType: 'initial' }),
        received({ destinationId: 'b', packetType: 'handshake' }),
      ],
      'nat_rebinding',
    ],
    [
      'ids of packets that we sent',
      [sent({ destinationId: 'a' }), sent({ destinationId: 'b' })],
      'nat_rebinding',
    ],
  ]
  for (const [what, evidence, kind] of cases) {
    for (const answered of [true, false]) {
      const scene = play('')
        .at(900, ...evidence)
        .at(1000, challenge('c', 'x'))
      if (answered) scene.at(1020, response('c'))
      else scene.at(9000, received())
      t.same(await scene.counts('quic_connection_migrations_total'), { [kind]: 1 }, what)
      t.same(
        await scene.counts('quic_connection_migrations_failed_total'),
        answered ? {} : { [kind]: 1 },
      )
    }
  }
})

t.test('evidence counts while the attempt is under way, and for one attempt only', async (t) => {
  const scene = play('').at(1000, challenge('c', 'x')).at(1010, CHALLENGED).at(1020, response('c'))
  t.same(await scene.counts('quic_connection_migrations_total'), { active: 1 })
  scene.at(5000, challenge('d', 'y')).at(5020, response('d'))
  t.same(await scene.counts('quic_connection_migrations_total'), { active: 1, nat_rebinding: 1 })
})

t.test('a failed move of a run has the kind of its first attempt', async (t) => {
  const scene = play('').at(900, RETIRED)
  STEPS.f?.(scene, 1000)
  STEPS.f?.(scene, 20_000)
  t.same(await scene.counts('quic_connection_migrations_failed_total'), { active: 1 })
})

t.test('before the handshake is complete clients retire ids without moving', async (t) => {
  const early = new Scene().at(0, received(), RETIRED).at(1, DONE)
  early.at(1000, challenge('c', 'x')).at(1020, response('c'))
  t.same(await early.counts('quic_connection_migrations_total'), { nat_rebinding: 1 })
  const late = new Scene({ joinedLate: true }).at(0, received(), RETIRED)
  late.at(1000, challenge('c', 'x')).at(1020, response('c'))
  t.same(await late.counts('quic_connection_migrations_total'), { active: 1 })
})

t.test('no evidence is logged at all: the kind is unknown', async (t) => {
  const scene = play('v', { without: ['migrationKinds'] })
  t.same(await scene.counts('quic_connection_migrations_total'), { unknown: 1 })
})

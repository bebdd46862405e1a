/** h2olog: what its lines make of paths, losses and names, in both spellings. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../exporter/config/load.ts'
import { replayPage } from '../scripts/snap/goldens.ts'
import { nonZero, type Page, parsePage, total } from './support/page.ts'

const START = 1_772_618_400_000

type Line = readonly [ms: number, type: string, more?: Readonly<Record<string, unknown>>]

/** The page of these lines of one connection, unless they name another. */
async function read(t: Test, lines: readonly Line[], socket = false): Promise<Page> {
  const file = join(t.testdir({}), 'events.log')
  const texts = lines.map(([ms, type, more = {}]) => {
    const line = { time: START + ms, type, conn: 1, ...more }
    if (!socket) return JSON.stringify(line)
    const all = Object.entries({ module: 'quicly', ...line, type: type.replaceAll('-', '_') })
    return JSON.stringify(
      Object.fromEntries(all.map(([key, value]) => [key.replaceAll('-', '_'), value])),
    )
  })
  writeFileSync(file, texts.map((text) => `${text}\n`).join(''))
  return parsePage(await replayPage('--dialect', 'h2olog', file))
}

const ACCEPTED: readonly Line[] = [
  [0, 'accept', { dcid: 'f8aa2066e9c3b3cf' }],
  [0, 'packet-received', { pn: 0, 'decrypted-len': 1178, 'packet-type': 0 }],
  [20, 'handshake-done-send'],
]
const path = (index: number) => ({ 'path-index': index })
const data = (text: string) => ({ data: text })
const moves = (page: Page) => ({
  migrations: nonZero(page, 'quic_connection_migrations_total'),
  failed: nonZero(page, 'quic_connection_migrations_failed_total'),
  validations: total(page, 'quic_path_validations_total'),
  validationsFailed: total(page, 'quic_path_validations_failed_total'),
  abandoned: total(page, 'quic_path_validations_abandoned_total'),
})
const NONE = { migrations: {}, failed: {}, validations: 0, validationsFailed: 0, abandoned: 0 }

for (const socket of [false, true]) {
  const spelling = socket ? 'underscores' : 'hyphens'
  t.test(`a NAT rebinding, with ${spelling}`, async (t) => {
    const lines: Line[] = [
      ...ACCEPTED,
      [1000, 'new-path', { ...path(1), remote: '192.0.2.9:40001' }],
      [1000, 'elicit-path-migration', path(1)],
      [1001, 'path-challenge-send', data('00aa')],
      [1031, 'path-response-receive', data('00aa')],
      [1031, 'promote-path', path(1)],
    ]
    const page = await read(t, lines, socket)
    t.same(moves(page), { ...NONE, migrations: { nat_rebinding: 1 }, validations: 1 })
    t.equal(total(page, 'quic_path_validation_duration_seconds_sum'), 0.03)
  })
}

t.test('a challenge or a retired id from the client shows a move on purpose', async (t) => {
  for (const shown of [
    [1001, 'path-challenge-receive', data('99')],
    [1001, 'retire-connection-id-receive', { sequence: 0 }],
  ] as const) {
    const lines: Line[] = [
      ...ACCEPTED,
      [1000, 'new-path', path(1)],
      shown,
      [1050, 'promote-path', path(1)],
    ]
    t.same(moves(await read(t, lines)).migrations, { active: 1 }, shown[1])
  }
})

t.test('what a client showed before it moved says nothing of its next move', async (t) => {
  const lines: Line[] = [
    ...ACCEPTED,
    [900, 'retire-connection-id-receive', { sequence: 0 }],
    [1000, 'new-path', path(1)],
    [1001, 'path-challenge-receive', data('99')],
    [1050, 'promote-path', path(1)],
    [2000, 'new-path', path(1)],
    [2050, 'promote-path', path(1)],
  ]
  t.same(moves(await read(t, lines)).migrations, { active: 1, nat_rebinding: 1 })
})

t.test(
  'several challenges of one path are one validation, and each path has its own',
  async (t) => {
    const lines: Line[] = [
      ...ACCEPTED,
      [1000, 'new-path', path(1)],
      [1001, 'path-challenge-send', data('aa')],
      [1100, 'new-path', path(2)],
      [1101, 'path-challenge-send', data('bb')],
      [1200, 'path-challenge-send', data('aa')],
      [1300, 'path-response-receive', data('bb')],
      [1310, 'path-response-receive', data('bb')],
      [1320, 'path-response-receive', data('of nobody')],
      [5000, 'delete-path', path(1)],
      [5001, 'delete-path', path(2)],
    ]
    const page = await read(t, lines)
    t.same(
      moves(page),
      { ...NONE, validations: 2, validationsFailed: 1 },
      'probed only: nobody moved',
    )
    t.equal(total(page, 'quic_path_challenges_sent_total'), 3)
    t.equal(total(page, 'quic_path_responses_received_total'), 3)
  },
)

t.test('a path that the client used and that never answered is a move that failed', async (t) => {
  const lines: Line[] = [
    ...ACCEPTED,
    [1000, 'new-path', path(1)],
    [1000, 'elicit-path-migration', path(1)],
    [1001, 'path-challenge-send', data('aa')],
    [4000, 'delete-path', path(1)],
  ]
  t.same(moves(await read(t, lines)), {
    ...NONE,
    migrations: { nat_rebinding: 1 },
    failed: { nat_rebinding: 1 },
    validations: 1,
    validationsFailed: 1,
  })
})

t.test('a validation that the end of the connection cuts short says nothing', async (t) => {
  const lines: Line[] = [
    ...ACCEPTED,
    [1000, 'new-path', path(1)],
    [1001, 'path-challenge-send', data('aa')],
    [1400, 'delete-path', path(0)],
    [1400, 'delete-path', path(1)],
    [1400, 'free'],
  ]
  t.same(moves(await read(t, lines)), { ...NONE, abandoned: 1 })
})

t.test(
  'quicly deletes the paths of a connection behind its free: what they waited for counts',
  async (t) => {
    const ends = (end: number): Line[] => [
      ...ACCEPTED,
      [1000, 'new-path', path(1)],
      [1000, 'elicit-path-migration', path(1)],
      [1001, 'path-challenge-send', data('aa')],
      [end, 'idle-timeout'],
      [end, 'free'],
      [end, 'delete-path', path(0)],
      [end, 'delete-path', path(1)],
    ]
    t.same(moves(await read(t, ends(31_000))), {
      ...NONE,
      migrations: { nat_rebinding: 1 },
      failed: { nat_rebinding: 1 },
      validations: 1,
      validationsFailed: 1,
    })
    t.same(moves(await read(t, ends(1400))), { ...NONE, abandoned: 1 })
  },
)

t.test('a connection that began in a file before this one has no failed handshake', async (t) => {
  const page = await read(t, [
    [0, 'packet-sent', { pn: 900, len: 1200, 'packet-type': 3 }],
    [500, 'application-close-receive', { 'error-code': 256 }],
    [500, 'free'],
    [600, 'accept', { conn: 2 }],
    [900, 'free', { conn: 2 }],
  ])
  t.equal(total(page, 'quic_connections_total'), 2)
  t.equal(total(page, 'quic_handshakes_failed_total'), 1, 'that of the other')
  t.equal(total(page, 'quic_connection_duration_seconds_count'), 1)
})

t.test(
  'each time-out line is one, whatever its count; a late acknowledgement makes a loss spurious',
  async (t) => {
    const lines: Line[] = [
      ...ACCEPTED,
      [100, 'packet-sent', { pn: 1, len: 1200, 'packet-type': 3 }],
      [300, 'pto', { inflight: 1200, cwnd: 14_720, 'pto-count': -1 }],
      [600, 'pto', { inflight: 1200, cwnd: 14_720, 'pto-count': 0 }],
      [900, 'pto', { inflight: 1200, cwnd: 14_720, 'pto-count': 1 }],
      [950, 'packet-lost', { pn: 1, 'packet-type': 3 }],
      [990, 'packet-acked', { pn: 1, 'is-late-ack': 1 }],
      [995, 'packet-acked', { pn: 1, 'is-late-ack': 1 }],
    ]
    const page = await read(t, lines)
    t.equal(total(page, 'quic_pto_total'), 3)
    t.equal(total(page, 'quic_packets_lost_total'), 1)
    t.equal(total(page, 'quic_packets_spuriously_lost_total'), 1)
  },
)

t.test('round-trip times are absent until the tracer tells one; a guess is none', async (t) => {
  const rtt = (min: number): Line => [
    50,
    'quictrace-cc-ack',
    {
      'min-rtt': min,
      'smoothed-rtt': 66,
      'variance-rtt': 33,
      'latest-rtt': 0,
      cwnd: 9000,
      inflight: 0,
    },
  ]
  t.notOk((await read(t, ACCEPTED)).has('quic_rtt_seconds'))
  t.equal(total(await read(t, [...ACCEPTED, rtt(20)]), 'quic_rtt_seconds_sum'), 0.066)
  t.equal(total(await read(t, [...ACCEPTED, rtt(2 ** 32 - 1)]), 'quic_rtt_seconds_count'), 0)
})

t.test(
  'connections to backends are none of clients, and their numbers are free afterwards',
  async (t) => {
    const lines: Line[] = [
      [0, 'connect', { conn: 5, version: 1 }],
      [1, 'packet-sent', { conn: 5, pn: 0, len: 1200, 'packet-type': 0 }],
      [9, 'free', { conn: 5 }],
      [20, 'accept', { conn: 5 }],
      [21, 'packet-sent', { conn: 5, pn: 0, len: 1000, 'packet-type': 0 }],
    ]
    const page = await read(t, lines)
    t.equal(total(page, 'quic_connections_total'), 1)
    t.equal(total(page, 'quic_sent_bytes_total'), 1000)
  },
)

t.test('numbers begin anew after a restart of h2o', async (t) => {
  const page = await read(t, [
    ...ACCEPTED,
    ...ACCEPTED.map(([ms, ...rest]) => [ms + 9000, ...rest] as Line),
  ])
  t.equal(total(page, 'quic_connections_total'), 2)
  t.equal(total(page, 'quic_handshakes_completed_total'), 2)
})

t.test('the source entry of the document is good', async (t) => {
  const doc = readFileSync(new URL('../docs/proxies/h2o.md', import.meta.url), 'utf8')
  const [, yaml = ''] = /^```yaml\n(.*?)^```$/ms.exec(doc) ?? []
  const { config } = loadConfig({ file: 'c.yml', flags: {}, env: {}, readFile: () => yaml })
  t.match(config?.sources, [{ name: 'h2o', dialect: 'h2olog' }])
})

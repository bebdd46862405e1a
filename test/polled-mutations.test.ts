/** Answers that nobody should give: no exception, no impossible amount, and a good one after it counts exactly. */
import t from 'tap'
import { polledStates } from '../qlog-parsers/index.ts'
import { countOf, Listening, recordedAnswers, showStat } from './support/answers.ts'
import { mutate } from './support/mutations.ts'
import { seeded } from './support/seeded.ts'

const MUTATIONS = 60_000
const SENT = 'quic_sent_pkt'
const SERVERS = { b1: 'UP|L4OK', b2: 'DOWN 1/2|L4CON', b3: 'no check|', b4: 'MAINT (via app/b1)|' }
const INFO = 'Name: HAProxy\nPid: 77\nStart_time_sec: 1795370391\n\n'
const [PROMEX] = recordedAnswers('haproxy-stats/haproxy-lb-promex')
const page = (PROMEX?.body ?? '')
  .split('\n')
  .filter((line) => /start_time|sent_pkt|lost_pkt|server_status|="L7OK"/.test(line))
  .join('\n')
  .concat('\n')
const upstreams = recordedAnswers('caddy-admin/caddy-lb').map(({ body }) => Buffer.from(body))

/** Good answers to begin with, the last of each two by how much more the second counts, and the event. */
const GOOD = {
  'haproxy-stats': {
    answers: [
      ...[1, 1500, 90_000].map((count) =>
        Buffer.from(showStat({ [SENT]: count, quic_retry_sent: 5 }, SERVERS, INFO)),
      ),
      Buffer.from(page),
    ],
    // Of a run of its own: whatever a bad answer made it believe is over.
    first: showStat({ [SENT]: 100 }, SERVERS, 'Name: HAProxy\nPid: 1\n\n'),
    second: showStat({ [SENT]: 142 }, SERVERS, 'Name: HAProxy\nPid: 1\n\n'),
    rise: 42,
    event: 'packets_sent',
  },
  'caddy-admin': {
    answers: upstreams,
    first: '[{"address":"a:1","num_requests":0,"fails":1}]',
    second: '[{"address":"a:1","num_requests":0,"fails":3}]',
    rise: 2,
    event: 'breaker_failure',
  },
}

t.test('every dialect that is polled is tried', async (t) => {
  t.same(
    Object.keys(GOOD),
    polledStates.map(({ name }) => name),
  )
})

for (const [name, { answers, first, second, rise, event }] of Object.entries(GOOD)) {
  t.test(name, async (t) => {
    const random = seeded(20_260)
    let reader = new Listening(name)
    const seen = { read: 0, unread: 0, unknown: 0, rejected: 0 }
    const wrong: string[] = []
    for (let i = 0; i < MUTATIONS; i += 1) {
      const bad = mutate(answers[random(answers.length)] as Buffer, random, answers)
      const before = reader.saved
      const { outcome, events } = reader.hear(bad)
      seen[outcome.kind] += 1
      if (outcome.kind === 'rejected' && (events.length > 0 || reader.saved !== before)) {
        wrong.push(`told of what was rejected: ${bad}`)
      }
      for (const told of events) {
        const count = 'count' in told ? told.count : 1
        if (!Number.isSafeInteger(count) || Number(count) < 1) wrong.push(`${count}: ${bad}`)
      }
      if (i % 50 !== 0) continue
      reader.hear(first)
      const counted = countOf(reader.hear(second).events, event)
      if (counted !== rise) wrong.push(`${counted} instead of ${rise} after ${bad}`)
      if ((reader.saved?.length ?? 0) > 4096) wrong.push(`it remembers ${reader.saved}`)
      // What it holds survives JSON.
      reader = new Listening(name, reader.saved)
    }
    t.same(wrong.slice(0, 3), [])
    t.ok(seen.read > 1000 && seen.rejected > 1000, `both happened: ${JSON.stringify(seen)}`)
  })
}

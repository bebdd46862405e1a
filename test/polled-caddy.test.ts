/** Caddy's failures in force: only what they rise by has happened since. */
import t from 'tap'
import { countOf, Listening, recordedAnswers } from './support/answers.ts'

const RECORDED = recordedAnswers('caddy-admin/caddy-lb')
const upstreams = (fails: Readonly<Record<string, number>>) =>
  JSON.stringify(
    Object.entries(fails).map(([address, count]) => ({
      address,
      num_requests: 0,
      fails: count,
    })),
  )

t.test(
  'the rises of a recording are the failures, in whatever order Caddy lists them',
  async (t) => {
    const caddy = new Listening('caddy-admin')
    const events = RECORDED.flatMap(({ body }) => caddy.hear(body).events)
    t.equal(countOf(events, 'breaker_failure'), 3)
    t.ok(events.every((event) => 'backend' in event && event.backend === '127.0.0.1:9002'))
  },
)

t.test('failures that grow old are no restart, and nothing is counted twice', async (t) => {
  const caddy = new Listening('caddy-admin')
  const counted = [2, 2, 1, 3, 0, 1].map((fails) =>
    countOf(caddy.hear(upstreams({ 'a:1': fails, 'b:1': 0 })).events, 'breaker_failure'),
  )
  t.same(counted, [0, 0, 0, 2, 0, 1], 'the first answer is no news')
})

t.test('an upstream that appears later has failed since', async (t) => {
  const caddy = new Listening('caddy-admin')
  caddy.hear('null\n')
  const { events } = caddy.hear(upstreams({ 'a:1': 4 }))
  t.same(events, [{ type: 'breaker_failure', backend: 'a:1', count: 4 }])
})

t.test(
  'what was seen last goes on in another process of ours, without an address in clear',
  async (t) => {
    const before = new Listening('caddy-admin')
    before.hear(upstreams({ '10.1.2.3:80': 2, '10.1.2.4:80': 0 }))
    const after = new Listening('caddy-admin', before.saved)
    const { events } = after.hear(upstreams({ '10.1.2.3:80': 3, '10.1.2.4:80': 1 }))
    t.equal(countOf(events, 'breaker_failure'), 2)
    t.notMatch(before.saved, /10\.1/)
    t.equal(JSON.parse(before.saved ?? '').length, 1, 'only what is not 0 is kept')
  },
)

t.test('an answer that is cut or something else changes nothing', async (t) => {
  const good = upstreams({ 'a:1': 2 })
  const many = upstreams(
    Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`a:${i}`, 1])),
  )
  const cases: Readonly<Record<string, string>> = {
    empty: '',
    cut: good.slice(0, -2),
    html: '<html>',
    'an error of Caddy': '{"error":"not found"}',
    'a number': '7',
    'no address': '[{"fails":1}]',
    'an address that is none': '[{"address":7,"fails":1}]',
    'no failures': '[{"address":"a:1"}]',
    'less than none': '[{"address":"a:1","fails":-1}]',
    'half a failure': '[{"address":"a:1","fails":1.5}]',
    'too many to be exact': '[{"address":"a:1","fails":9007199254740993}]',
    'a prototype': '[{"__proto__":{"address":"a:1","fails":1}}]',
    'a list in a list': `[[${good}]]`,
    'one of them twice': `[${good.slice(1, -1)},${good.slice(1, -1)}]`,
    'too many': many,
  }
  const caddy = new Listening('caddy-admin')
  caddy.hear(upstreams({ 'a:1': 1 }))
  const before = caddy.saved
  for (const [what, body] of Object.entries(cases)) {
    const { outcome, events } = caddy.hear(body)
    t.match(outcome, { kind: 'rejected' }, what)
    t.same([events, caddy.saved], [[], before], what)
  }
  t.match(caddy.hear(Uint8Array.of(0x5b, 0xff)).outcome, { reason: 'utf8' })
  t.equal(countOf(caddy.hear(good).events, 'breaker_failure'), 1)
})

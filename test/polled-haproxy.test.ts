/** HAProxy's counters as it tells them when asked: what rose since, exactly, whatever restarted in between. */
import t from 'tap'
import { countOf, Listening, recordedAnswers, showStat } from './support/answers.ts'

const RECORDED = recordedAnswers('haproxy-stats/haproxy-lb')
const [PROMEX] = recordedAnswers('haproxy-stats/haproxy-lb-promex')
const SENT = 'quic_sent_pkt'
const info = (pid: number, start: number) =>
  `Name: HAProxy\nPid: ${pid}\nStart_time_sec: ${start}\n\n`
const reported = (events: readonly { type: string }[]) =>
  events.filter(({ type }) => type === 'backend_reported')

t.test('the rises of a recording add up to the difference of its ends', async (t) => {
  const haproxy = new Listening('haproxy-stats')
  const events = RECORDED.flatMap(({ body }) => haproxy.hear(body).events)
  // quic_sent_pkt 58 → 8292, quic_lost_pkt 0 → 41, as its columns say.
  t.equal(countOf(events, 'packets_sent'), 8234)
  t.equal(countOf(events, 'packets_lost'), 41)
  for (const none of ['migration', 'retry_sent', 'stateless_reset_sent']) {
    t.equal(countOf(events, none), 0, none)
  }
})

t.test(
  'a restart in a recording is seen, though the sum of the counters is higher after it',
  async (t) => {
    const haproxy = new Listening('haproxy-stats')
    const heard = recordedAnswers('haproxy-stats/retries-and-resets').map(({ body }) =>
      haproxy.hear(body),
    )
    const events = heard.flatMap((one) => one.events)
    // Of both frontends: 29 + 20 packets before, 47 + 9 after; so the columns of the last two answers.
    t.equal(countOf(events, 'packets_sent'), 49 + 56)
    t.equal(countOf(events, 'retry_sent'), 4 + 2)
    t.equal(countOf(events, 'stateless_reset_sent'), 4 + 2)
    const words = (backend: string) =>
      heard.map(({ events }) => {
        const told = events.find((event) => 'backend' in event && event.backend === backend)
        return told === undefined ? '-' : `${(told as { up: boolean }).up}`
      })
    t.same(words('app/b1').join(' '), 'true true true true true false true true')
    t.same(words('app/b2').join(' '), 'true true true false true true true true', 'MAINT')
    t.same(words('app/b3').join(' '), 'true true true true true true true true', 'DRAIN')
    t.same(words('app/unchecked').join(' '), '- - - false true - - -', 'MAINT, and back')
    t.same(words('app/tracking').join(' '), 'true true true true true false true true')
  },
)

t.test('a server is told up and down as its status changes', async (t) => {
  const haproxy = new Listening('haproxy-stats')
  const story = RECORDED.map(({ at, body }) => {
    const { events } = haproxy.hear(body)
    return [at, events.find((event) => 'backend' in event && event.backend === 'app/b2')]
  })
  const ups = story.map(([at, event]) => [at, (event as { up: boolean }).up])
  const changes = ups.filter(([, up], i) => up !== ups[i - 1]?.[1])
  // It was killed at …398.585 and came back at …407.702; HAProxy takes two checks for either.
  t.same(changes, [
    [1795370392.008, true],
    [1795370400.388, false],
    [1795370410.675, true],
  ])
})

t.test('both forms say the same', async (t) => {
  const page = new Listening('haproxy-stats').hear(PROMEX?.body ?? '')
  const last = new Listening('haproxy-stats').hear(RECORDED.at(-1)?.body ?? '')
  t.match(page.outcome, { kind: 'read', name: 'promex', rejectedValues: 0 })
  t.match(last.outcome, { kind: 'read', name: 'show_stat', rejectedValues: 0 })
  t.same(reported(page.events), reported(last.events))
  t.ok(page.became)
  const socket = new Listening('haproxy-stats')
  const other = new Listening('haproxy-stats')
  for (const { body } of RECORDED.slice(0, 1)) socket.hear(body)
  const early = (PROMEX?.body ?? '').replace(
    '{proxy="fe",mod="quic"} 8292',
    '{proxy="fe",mod="quic"} 58',
  )
  other.hear(early)
  t.equal(countOf(other.hear(PROMEX?.body ?? '').events, 'packets_sent'), 8234)
  t.equal(countOf(socket.hear(RECORDED.at(-1)?.body ?? '').events, 'packets_sent'), 8234)
})

t.test('the page without its extra counters says nothing of QUIC', async (t) => {
  const body = (PROMEX?.body ?? '').replace(/^haproxy_frontend_quic_.*\n/gm, '')
  const { outcome, became, events } = new Listening('haproxy-stats').hear(body)
  t.match(outcome, { kind: 'read' })
  t.notOk(became)
  t.equal(reported(events).length, 3)
})

t.test('the first answer only says where the counters stand', async (t) => {
  const haproxy = new Listening('haproxy-stats')
  t.same(haproxy.hear(showStat({ [SENT]: 1000 })).events, [])
  t.equal(countOf(haproxy.hear(showStat({ [SENT]: 1000 })).events, 'packets_sent'), 0)
  t.equal(countOf(haproxy.hear(showStat({ [SENT]: 1007 })).events, 'packets_sent'), 7)
})

t.test('a counter that fell began anew', async (t) => {
  const haproxy = new Listening('haproxy-stats')
  for (const value of [1000, 1000]) haproxy.hear(showStat({ [SENT]: value }))
  t.equal(countOf(haproxy.hear(showStat({ [SENT]: 5 })).events, 'packets_sent'), 5)
  t.equal(countOf(haproxy.hear(showStat({ [SENT]: 6 })).events, 'packets_sent'), 1)
})

t.test(
  'another process counts from 0, also where its counters are above the old ones',
  async (t) => {
    const haproxy = new Listening('haproxy-stats')
    haproxy.hear(showStat({ [SENT]: 1000 }, {}, info(10, 1_800_000_000)))
    const same = haproxy.hear(showStat({ [SENT]: 1001 }, {}, info(10, 1_800_000_000)))
    t.equal(countOf(same.events, 'packets_sent'), 1)
    const started = haproxy.hear(showStat({ [SENT]: 1500 }, {}, info(11, 1_800_000_000)))
    t.equal(countOf(started.events, 'packets_sent'), 1500, 'another number')
    const again = haproxy.hear(showStat({ [SENT]: 1600 }, {}, info(11, 1_800_000_001)))
    t.equal(countOf(again.events, 'packets_sent'), 1600, 'the same number, another start')
  },
)

t.test('a counter that appears in a process that was seen before is not all new', async (t) => {
  const haproxy = new Listening('haproxy-stats')
  haproxy.hear(showStat({}, {}, info(10, 1)))
  t.equal(
    countOf(haproxy.hear(showStat({ [SENT]: 900 }, {}, info(10, 1))).events, 'packets_sent'),
    0,
  )
  t.equal(
    countOf(haproxy.hear(showStat({ [SENT]: 901 }, {}, info(10, 1))).events, 'packets_sent'),
    1,
  )
  // Left out once, as a number that cannot be used is.
  const bad = haproxy.hear(showStat({ [SENT]: 'many' }, {}, info(10, 1)))
  t.match(bad.outcome, { kind: 'read', rejectedValues: 1 })
  t.equal(
    countOf(haproxy.hear(showStat({ [SENT]: 911 }, {}, info(10, 1))).events, 'packets_sent'),
    10,
  )
})

t.test('what was seen last goes on in another process of ours', async (t) => {
  const before = new Listening('haproxy-stats')
  before.hear(showStat({ [SENT]: 1000 }, { b1: 'MAINT' }, info(10, 1)))
  const after = new Listening('haproxy-stats', before.saved)
  const { events } = after.hear(showStat({ [SENT]: 1042 }, { b1: 'no check' }, info(10, 1)))
  t.equal(countOf(events, 'packets_sent'), 42)
  t.match(reported(events), [{ backend: 'app/b1', up: true }])
  t.notMatch(before.saved, /app|b1/, 'no name lies in the state')
})

t.test(
  'several frontends are one sum, and a number that is not exact spoils it visibly',
  async (t) => {
    const two = (first: string, second: string) =>
      `# pxname,svname,status,type,check_status,${SENT},\nfe,FRONTEND,OPEN,0,,${first},\n` +
      `fe2,FRONTEND,OPEN,0,,${second},\napp,BACKEND,UP,1,,77,\n\n`
    const haproxy = new Listening('haproxy-stats')
    haproxy.hear(two('10', '20'))
    t.equal(countOf(haproxy.hear(two('11', '22')).events, 'packets_sent'), 3)
    for (const bad of ['9007199254740993', '18446744073709551615', '-1', '1.5', '0x10', '1e3']) {
      const { outcome, events } = haproxy.hear(two(bad, '22'))
      t.match(outcome, { kind: 'read', rejectedValues: 1 }, bad)
      t.equal(countOf(events, 'packets_sent'), 0, bad)
    }
    t.equal(countOf(haproxy.hear(two('12', '22')).events, 'packets_sent'), 1)
  },
)

t.test('up is what still serves; who is not checked is up because nobody looks', async (t) => {
  const cases: readonly (readonly [string, boolean | undefined])[] = [
    ['UP|L7OK', true],
    ['UP 1/3|L7OK', true],
    ['DRAIN|L4OK', true],
    ['NOLB|L7OKC', true],
    ['NOLB 1/2|L7OKC', true],
    ['UP|', true],
    ['DOWN|L4CON', false],
    ['DOWN 1/2|L4CON', false],
    ['DOWN (agent)|', false],
    ['MAINT|', false],
    ['MAINT (via app/b9)|', false],
    ['MAINT (resolution)|', false],
    ['no check|', undefined],
    ['DRAIN|', undefined],
  ]
  for (const [status, up] of cases) {
    const { outcome, events } = new Listening('haproxy-stats').hear(showStat({}, { b1: status }))
    t.match(outcome, { kind: 'read', rejectedValues: 0 }, status)
    t.same(
      events,
      up === undefined ? [] : [{ type: 'backend_reported', backend: 'app/b1', up }],
      status,
    )
  }
  const { outcome, events } = new Listening('haproxy-stats').hear(showStat({}, { b1: 'UPSIDE|' }))
  t.match(outcome, { kind: 'read', rejectedValues: 1 })
  t.same(events, [])
})

t.test('what is down is told last: one backend may be several servers', async (t) => {
  const haproxy = new Listening('haproxy-stats')
  const told = (a: string, b: string) =>
    reported(haproxy.hear(showStat({}, { a: `${a}|L7OK`, b: `${b}|L7OK` })).events).at(-1)
  t.match(told('DOWN', 'UP'), { backend: 'app/a', up: false })
  t.match(told('UP', 'DOWN'), { backend: 'app/b', up: false })
  t.match(told('UP', 'UP'), { up: true })
})

t.test('quotes, commas and line ends inside of fields stay inside', async (t) => {
  const row = (name: string) => `"a,b",${name},UP,2,L4OK,\n`
  const text = `# pxname,svname,status,type,check_status,\n${row('"say ""so"""')}${row('"two\nlines"')}\n`
  const { events } = new Listening('haproxy-stats').hear(text)
  t.match(events, [{ backend: 'a,b/say "so"' }, { backend: 'a,b/two\nlines' }])
})

t.test('an answer that is cut or something else changes nothing', async (t) => {
  const whole = showStat({ [SENT]: 20 }, { b1: 'UP|L4OK' }, info(10, 1))
  const page = PROMEX?.body ?? ''
  const cases: Readonly<Record<string, string>> = {
    empty: '',
    'cut before the table': whole.slice(0, 30),
    'cut in the head': whole.slice(0, whole.indexOf('type')),
    'cut in a row': whole.slice(0, whole.indexOf(',UP')),
    'without its last line end': whole.slice(0, -1),
    'a row too short': whole.replace('L4OK,', ''),
    'a quote that is never closed': whole.replace('app', '"app'),
    'a quote inside of a field': whole.replace('app', 'a"pp'),
    'a row without end': whole.replace('L4OK,', `L4OK,${','.repeat(10_000)}`),
    'no column of status': whole.replace('status,type', 'state,type'),
    'a page that is cut': page.slice(0, -5),
    'a page with a line that is none': `${page}<html>\n`,
    'a page of somebody else': 'up 1\n',
    'a label that is never closed': `${page}haproxy_server_status{proxy="a 1\n`,
    html: '<!doctype html>\n<p>Hello\n\n',
    'an error of the socket': 'Unknown command: stat\n\n',
    nul: '\0'.repeat(1000),
  }
  const haproxy = new Listening('haproxy-stats')
  haproxy.hear(showStat({ [SENT]: 10 }, {}, info(10, 1)))
  const before = haproxy.saved
  for (const [what, body] of Object.entries(cases)) {
    const { outcome, events, became } = haproxy.hear(body)
    t.match(outcome, { kind: 'rejected' }, what)
    t.same([events, became, haproxy.saved], [[], false, before], what)
  }
  t.match(haproxy.hear(Uint8Array.of(0x4e, 0xff, 0xfe)).outcome, { reason: 'utf8' })
  t.equal(countOf(haproxy.hear(whole).events, 'packets_sent'), 10)
})

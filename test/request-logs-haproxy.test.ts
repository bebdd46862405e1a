/** HAProxy's request log: what can be misread in it. */
import t from 'tap'
import { requestsOf, type Said, said } from './support/log-lines.ts'

function line(more: object = {}) {
  return {
    ts: '1795370392228',
    http: 'HTTP/3.0',
    m: 'GET',
    ST: '200',
    Ta: '12',
    B: '120',
    tsc: '----',
    b: 'app',
    s: 'b1',
    Tr: '3',
    rc: '0',
    ...more,
  }
}

const one = (more: object) => requestsOf(said('haproxy', [line(more)]))[0]
const lost = (all: Said) => requestsOf(all).map(({ clientLost }) => clientLost)

t.test('numbers are text, and -1, - and <NOSRV> are no values', async (t) => {
  t.same(one({}), {
    type: 'request',
    protocol: 'h3',
    status: 200,
    method: 'GET',
    durationUs: 12_000,
    responseBytes: 120,
    attempts: [{ backend: 'app/b1', status: 200, durationUs: 3000 }],
    retries: 0,
  })
  const bad = {
    ...{ http: '<BADREQ>', m: '<BADREQ>', ST: '408', Tr: '-1', tsc: 'cR--', s: '<NOSRV>' },
    ...{ fc_rtt: '-', fc_lost: '-', fc_lost_before: '-' },
  }
  const all = said('haproxy', [line(bad)])
  t.same(all.outcomes, [{ kind: 'read', name: 'request', rejectedValues: 0 }])
  t.match(requestsOf(all)[0], { protocol: 'other', status: 408, method: 'other' })
  t.equal(requestsOf(all)[0]?.attempts, undefined)
  t.match(one({ ST: -1, Ta: '-1' }), { status: undefined, durationUs: undefined })
  const partial = said('haproxy', [line({ Ta: '+12', B: '+120' })])
  t.same(partial.outcomes, [{ kind: 'read', name: 'request', rejectedValues: 2 }], 'logasap')
})

t.test('a retry may have gone to another server', async (t) => {
  t.same(
    ['0', '3', '+2', 1].map((rc) => one({ rc })?.retries),
    [0, 3, 2, 1],
  )
})

t.test('the termination state says who broke off, not who answered in full', async (t) => {
  const aborters = Object.entries({
    client: ['CD', 'CL', 'CH', 'CR', 'cR', 'cD'],
    server: ['SD', 'sD', 'SL'],
    proxy: ['PD', 'KD', 'DD', 'UD', 'RD', 'ID'],
    nobody: ['--', 'LR', 'PR', 'PH', 'SC', 'SH', 'sH', 'sC', 'sQ', 'PT', ''],
  })
  for (const [who, states] of aborters) {
    for (const state of states) {
      t.equal(one({ tsc: `${state}--` })?.abortedBy ?? 'nobody', who, state)
    }
  }
})

t.test('no server could be asked is not what HAProxy answers itself', async (t) => {
  const without = (tsc: string, ST: string, s = '<NOSRV>') => one({ tsc, ST, s, Tr: '-1' })
  t.equal(without('SC--', '503')?.withoutBackend, true)
  t.equal(without('sQ--', '503')?.withoutBackend, true)
  t.equal(without('LR--', '503')?.withoutBackend, undefined, 'a configured 503')
  t.equal(without('PR--', '403')?.withoutBackend, undefined)
  t.equal(without('LR--', '200', '<STATS>')?.attempts, undefined)
  const refused = without('SC--', '503', 'b2')
  t.equal(refused?.withoutBackend, undefined)
  t.same(refused?.attempts, [{ backend: 'app/b2', status: 503 }])
  const gone = without('CD--', '400', 'b2')
  t.same(gone?.attempts, [{ backend: 'app/b2' }], 'a client that gave up is no answer of b2')
})

t.test('the total before makes the rise, whatever file it was logged in', async (t) => {
  const told = (fc_lost_before: string, fc_lost: string, http = 'HTTP/3.0') =>
    line({ fc_rtt: '1500', fc_lost_before, fc_lost, http })
  const all = said('haproxy', [told('-', '3'), told('3', '9'), told('9', '9'), told('7', '2')])
  t.same(lost(all), [3, 6, 0, 2])
  t.same(all.variants, ['clients'])
  t.equal(requestsOf(all)[0]?.clientRttUs, 1500)
  t.equal(all.state.reader, undefined, 'nothing is remembered')
  t.same(lost(said('haproxy', [told('-', '3', 'HTTP/2.0')])), [undefined], 'TCP counts otherwise')
  const huge = said('haproxy', [told('-', '99999999'), told('0', '9007199254740990')])
  t.same(lost(huge), [undefined, undefined])
  t.same(
    huge.outcomes.map((o) => o.kind === 'read' && o.rejectedValues),
    [1, 1],
  )
})

t.test('without it the rise is told by address and port, through restarts', async (t) => {
  const at = (cp: number, fc_lost: string) => line({ ci: '192.0.2.7', cp, fc_rtt: '-', fc_lost })
  const all = said('haproxy', [at(1, '0'), at(2, '5'), at(1, '2'), at(2, '7'), at(1, '2')])
  t.same(lost(all), [0, 5, 2, 2, 0])
  t.notMatch(JSON.stringify(all.state), '192.0.2.7', 'no address is kept')
  t.same(lost(said('haproxy', [at(2, '8'), at(1, '1'), at(1, '4')], all.state)), [1, 1, 3])
  t.same(lost(said('haproxy', [at(1, '0'), at(1, '2')], all.state)), [0, 2], 'a new connection')
  t.same(lost(said('haproxy', [line({ fc_lost: '3' })])), [undefined], 'whose it is, nobody says')
  const nobody = line({ ci: '-', cp: '-', fc_rtt: '-', fc_lost: '3' })
  t.same(lost(said('haproxy', [nobody])), [undefined], 'nor here')
})

t.test('only so many connections are remembered, those without losses not at all', async (t) => {
  const many = Array.from({ length: 5000 }, (_, cp) =>
    line({ ci: '192.0.2.7', cp, fc_rtt: '-', fc_lost: cp < 100 ? '0' : '1' }),
  )
  const { state } = said('haproxy', many)
  t.equal((state.reader as unknown[]).length, 4096)
  const oldest = line({ ci: '192.0.2.7', cp: 4999, fc_rtt: '-', fc_lost: '2' })
  t.same(lost(said('haproxy', [oldest], state)), [1])
  for (const reader of ['x', [1], [[1, 'x']], {}]) {
    t.same(lost(said('haproxy', [oldest], { reader })), [2], 'damaged state')
  }
})

const UP = 'Server app/b2 is UP, reason: Layer7 check passed, code: 200, check duration: 1ms.'

t.test('server lines are told whoever writes them, and however often', async (t) => {
  const all = said('haproxy', [
    '[WARNING]  (4036) : Server app/b2 is DOWN, reason: Layer4 connection problem, info: "Connection refused"',
    'Server app/b2 is DOWN, reason: Layer4 connection problem, info: "Connection refused"',
    `<133>Nov 22 18:00:16 lb haproxy[4036]: ${UP}`,
    'Backup Server app/b3 is UP/READY (leaving forced maintenance).',
    'Server app/b1 was DOWN and now enters maintenance.',
    'Server app/b1 is going DOWN for maintenance. 2 active and 0 backup servers left.',
  ])
  t.same(
    all.events.map((event) => event.type === 'backend_reported' && [event.backend, event.up]),
    [
      ['app/b2', false],
      ['app/b2', false],
      ['app/b2', true],
      ['app/b3', true],
      ['app/b1', false],
      ['app/b1', false],
    ],
  )
})

t.test('other lines are known by kind; what nobody knows counts as unknown', async (t) => {
  const all = said('haproxy', [
    'backend app has no server available!',
    "[ALERT]    (26076) : backend 'app' has no server available!",
    '127.0.0.1:52328 [22/Nov/2026:18:00:16.549] prom prom/<PROMEX> 0/0/0/3/4 200 92899 - - LR-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
    'Connect from 127.0.0.1:55546 to 127.0.0.1:17081 (prom/HTTP)',
    '[NOTICE]   (26076) : haproxy version is 3.2.26-1',
    'something else',
    'Server app/b2 is DOWN\xff',
    `Nov 22 18:00:16 lb haproxy[4036]: ${JSON.stringify(line())}`,
    `${'\0'.repeat(500)}${JSON.stringify(line())}`,
    '{"ST":"200"}',
    line({ ts: 'x' }),
  ])
  t.same(
    all.outcomes.map((outcome) =>
      'name' in outcome ? outcome.name || outcome.kind : 'reason' in outcome && outcome.reason,
    ),
    [
      ...['no_server', 'no_server', 'default_format', 'connect', 'notice', 'unknown'],
      ...['server_down', 'request', 'request', 'schema', 'time'],
    ],
  )
})

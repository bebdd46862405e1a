/** nginx's error log at level debug: its numbers beside those of the relay and the client. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replayPage } from '../scripts/snap/goldens.ts'
import { FIXTURES } from './support/fixtures.ts'
import { ErrorLogReader, line } from './support/nginx-error-log.ts'
import { nonZero, type Page, parsePage, total } from './support/page.ts'

const FOLDER = join(FIXTURES, 'nginx-error-log')
const replayed = async (file: string): Promise<Page> =>
  parsePage(await replayPage('--dialect', 'nginx-error-log', file))
const debug = (who: string, message: string, second = 0) => line(second, who, message, 'debug')
const read = (...lines: readonly string[]) => new ErrorLogReader().feed(...lines)

t.test('the recording agrees with the relay and with the client', async (t) => {
  const page = await replayed(join(FOLDER, 'debug.log'))
  const count = (name: string, labels = {}) => total(page, name, labels)
  t.equal(count('quic_packets_lost_total'), 3, 'the relay lost 3 datagrams to the client')
  t.equal(count('quic_packets_lost_total', { trigger: 'time_threshold' }), 3)
  t.equal(count('quic_packets_sent_total', { packet_type: '1rtt' }), 76 + 3, 'the client got 76')
  t.equal(count('quic_packets_sent_total'), 79 + 2, 'and an Initial and a Handshake packet')
  t.equal(count('quic_packets_received_total', { packet_type: '1rtt' }), 48 - 3)
  t.equal(count('quic_packets_received_total', { packet_type: 'initial' }), 2)
  t.equal(
    count('quic_packets_received_total', { packet_type: 'handshake' }),
    7 - 1 - 5,
    'five of those that came could not be read: the keys were gone',
  )
  t.equal(count('quic_pto_total'), 1)
  t.equal(count('quic_connections_total'), 1)
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'no_error remote': 1 })
  t.equal(count('quic_rtt_seconds_count'), 3, 'the connection wrote in three seconds')
  t.equal(count('quic_rtt_seconds_sum'), 0.102, 'last samples of each: 37, 32 and 33 ms')
  t.equal(count('quic_min_rtt_seconds_sum'), 0.03)
  for (const absent of ['quic_handshakes_completed_total', 'quic_sent_bytes_total']) {
    t.notOk(page.has(absent), `${absent} is not told`)
  }
})

t.test('only what loss detection gives up is lost', async (t) => {
  const check = (pnum: number, wait: number) =>
    debug('7*1', `quic detect_lost pnum:${pnum} thr:46 pthr:6 wait:${wait} level:3`)
  const resend = (pnum: number, who = '7*1') => debug(who, `quic resend packet pnum:${pnum}`)
  const lost = (...lines: string[]) => read(...lines).heard['quic packets_lost'] ?? 0
  t.equal(lost(check(1, -2), resend(1)), 1)
  t.equal(lost(check(1, 5), resend(1)), 1, 'overtaken by enough others')
  t.equal(lost(check(1, 5)), 0, 'it may still come')
  t.equal(lost(resend(1)), 0, 'a probe resends, it gives nothing up')
  t.equal(lost(check(1, 5), resend(2)), 0)
  t.equal(lost(check(1, -1), resend(1), resend(1)), 1)
  t.equal(lost(check(1, -1), resend(1, '8*1')), 0, 'another worker')
  t.equal(lost(check(1, -1), debug('8*1', 'quic pto timer'), resend(1)), 1, 'lines of two workers')
})

t.test('a path-MTU probe that the system refused was not sent', async (t) => {
  const probe = (mtu: number, number: number) => [
    debug('7*1', `quic path seq:0 send probe mtu:${mtu} pnum:${number} tries:0`),
    debug('7*1', `quic sendto app packet max:${mtu} min:${mtu}`),
    debug(
      '7*1',
      `quic packet tx app bytes:${mtu} need_ack:0 number:${number} encoded nl:1 trunc:0x1`,
    ),
  ]
  const refused = debug('7*1', 'quic path seq:0 rejected mtu:2400')
  const next = debug('7*1', 'quic congestion send if:100')
  const sent = (...lines: string[]) => read(...lines, next).heard['quic packet'] ?? 0
  t.equal(sent(...probe(2400, 5), refused), 0)
  t.equal(sent(...probe(2400, 5)), 1)
  t.equal(sent(...probe(2400, 5), refused, ...probe(1800, 6)), 1)
  t.equal(sent(...probe(2400, 5), debug('8*1', 'quic push handler'), refused), 0)
})

t.test('a connection ends in the way that nginx says', async (t) => {
  const of = async (...messages: (readonly [message: string, level: string])[]) => {
    const lines = [['quic packet done rc:0 level:app decr:1 pn:1 perr:0', 'debug'], ...messages]
    const text = lines.map(([message = '', level]) => line(0, '7*1', message, level)).join('\n')
    return nonZero(
      await replayed(join(t.testdir({ log: `${text}\n` }), 'log')),
      'quic_connections_closed_total',
    )
  }
  const completed = ['quic close completed', 'debug'] as const
  t.same(await of(['quic close silent drain:0 timedout:1', 'debug'], completed), {
    'idle_timeout unknown': 1,
  })
  t.same(await of(['quic frame tx app:3 CONNECTION_CLOSE err:10 bad ft:0', 'debug'], completed), {
    'transport_error local': 1,
  })
  t.same(await of(['quic frame rx hs:3 CONNECTION_CLOSE err:296 ft:6', 'debug'], completed), {
    'crypto_error remote': 1,
  })
  t.same(await of(['quic frame rx app:3 CONNECTION_CLOSE_APP err:256', 'debug'], completed), {
    'no_error remote': 1,
  })
  t.same(await of(['quic stateless reset packet detected', 'info'], completed), {
    'stateless_reset unknown': 1,
  })
  t.same(await of(completed), { 'unknown unknown': 1 })
  t.same(await of(), { 'expired unknown': 1 }, 'nginx was killed')
})

t.test('only a connection that was seen to begin has a duration', async (t) => {
  const file = join(t.testdir({}), 'error.log')
  const lines = [
    debug('7*1', 'quic close completed', 1),
    debug('7*2', 'quic connection created', 1),
    debug('7*2', 'quic close completed', 4),
  ]
  writeFileSync(file, lines.map((one) => `${one}\n`).join(''))
  const page = await replayed(file)
  t.equal(total(page, 'quic_connections_total'), 2)
  t.equal(total(page, 'quic_connection_duration_seconds_count'), 1)
  t.equal(total(page, 'quic_connection_duration_seconds_sum'), 3)
})

t.test('level debug shows by itself, once, and the other levels go on to count', async (t) => {
  const { heard } = read(
    ...[line(0, '7*1', 'no live upstreams while connecting to upstream', 'error')],
    ...[debug('7*1', 'http cleanup add'), debug('7*1', 'quic run'), debug('7*1', 'quic run')],
    debug('7*1', 'quic path seq:1 validation failed'),
    debug('7', 'sending version negotiation packet'),
    debug('7*1', 'quic retry packet sent to 0a0b'),
  )
  t.same(heard, {
    'became debug': 1,
    'line debug_other': 3,
    'line no_live_upstreams': 1,
    'line path_validation_failed': 1,
    'line retry_sent': 1,
    'line version_negotiation_sent': 1,
    retry_sent: 1,
    version_negotiation_sent: 1,
  })
})

t.test('connections of two workers with the same number are two', async (t) => {
  const packet = 'quic packet done rc:0 level:app decr:1 pn:1 perr:0'
  const both = read(debug('7*1', packet), debug('8*1', packet), debug('7*1', packet))
  t.same(both.byConnection, { '7*1': { packet: 2 }, '8*1': { packet: 1 } })
})

t.test('values that no connection can have are not used, and said to be bad', async (t) => {
  const bad = [
    'quic rtt sample latest:1 min:1 avg:99999999999999999999 var:1',
    'quic rtt sample latest:1 min: avg:1 var:1',
    'quic congestion ack ss t:1 win:99999999999999999999 ss:-1 if:1',
    'quic congestion send if:-1',
    'quic packet tx app bytes:1 need_ack:0 number:99999999999999999999 encoded',
    'quic packet tx x bytes:1 need_ack:0 number:1 encoded',
    'quic packet done rc:0 level:zz decr:1 pn:1 perr:0',
    'quic detect_lost pnum:x thr:1 pthr:1 wait:1 level:3',
    'quic tp max_ack_delay:16384',
  ]
  const log = bad.map((message) => `${debug('7*1', message)}\n`).join('')
  const page = await replayed(join(t.testdir({ log }), 'log'))
  t.equal(total(page, 'quic_exporter_values_rejected_total'), bad.length)
  t.equal(total(page, 'quic_connections_total'), 0)
})

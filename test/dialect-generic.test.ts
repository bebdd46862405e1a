/** Writers that nobody knows: read by what each record says, and never credited with what none has shown. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dialectKey, dialectNamed, dialectOfKey } from '../qlog-parsers/index.ts'
import { FIXTURES } from './support/fixtures.ts'
import { nonZero, observed, type Page, total } from './support/page.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

const fixture = (name: string) => readFileSync(join(FIXTURES, `generic/synthetic-${name}`))
const header = headerOf('generic')
const event = (name: string, data: object, time = 1) => ({ time, name, data })
const pageOf = (...records: object[]) => read([fileOf(header, ...records)])
const has = (page: Page, family: string) => page.has(family)

/** Families of QUIC itself that the page has. */
const families = (page: Page) =>
  [...page.keys()].filter((name) => /^quic_(?!exporter_)/.test(name)).sort()

t.test('one event under each of its names reads the same', async (t) => {
  const same: readonly (readonly [names: string, data: object])[] = [
    [
      'transport:packet_sent quic:packet_sent',
      { header: { packet_type: '1RTT', packet_number: 1 }, raw: { length: 60 }, frames: [] },
    ],
    [
      'recovery:metrics_updated recovery:metric_update quic:recovery_metrics_updated',
      { smoothed_rtt: 20, congestion_window: 12_000 },
    ],
    [
      'recovery:packet_lost quic:packet_lost',
      { header: { packet_type: '1RTT', packet_number: 1 }, trigger: 'time_threshold' },
    ],
    [
      'recovery:congestion_state_updated quic:congestion_state_updated recovery:cc_state_update',
      { new: 'recovery' },
    ],
    [
      'connectivity:connection_closed quic:connection_closed',
      { initiator: 'remote', application_error: 'unknown', error_code: 257 },
    ],
    ['connectivity:connection_state_updated quic:connection_state_updated', { new: 'closed' }],
    ['transport:packet_dropped quic:packet_dropped', { trigger: 'duplicate' }],
    ['recovery:ecn_state_updated quic:ecn_state_updated', { new: 'failed' }],
    ['connectivity:mtu_updated quic:mtu_updated recovery:mtu_updated', { new: 1400 }],
    ['security:key_updated quic:key_updated', { trigger: 'local_update' }],
    [
      'http:frame_created h3:frame_created http3:frame_created',
      { frame: { frame_type: 'headers', headers: [{ name: ':status', value: '404' }] } },
    ],
  ]
  for (const [names, data] of same) {
    const [first = '', ...others] = names.split(' ')
    const expected = await pageOf(event(first, data))
    t.not(families(expected).length, 4, `${first} shows something`)
    for (const name of others) {
      const page = await pageOf(event(name, data))
      for (const family of families(expected)) {
        t.same(
          page.get(family)?.samples.map(({ line }) => line),
          expected.get(family)?.samples.map(({ line }) => line),
          `${name}: ${family}`,
        )
      }
      t.same(families(page), families(expected), name)
    }
  }
})

t.test('older places of a value, and numbers as text, mean the same', async (t) => {
  const newest = { header: { packet_type: '1RTT', packet_number: 7 }, raw: { length: 1200 } }
  const forms = [
    { header: { packet_type: '1RTT', packet_number: '7' }, raw: { length: '1200' } },
    { packet_type: '1RTT', header: { packet_number: 7, packet_size: 1200 } },
    { packet_type: '1rtt', header: { packet_number: '7', packet_size: '1200' } },
    { header: { packet_type: '1RTT', packet_number: 7, length: 1200 } },
  ]
  const lines = (page: Page) =>
    families(page).flatMap((name) => page.get(name)?.samples.map(({ line }) => line))
  const expected = lines(await pageOf(event('quic:packet_sent', newest)))
  for (const form of forms) {
    t.same(lines(await pageOf(event('quic:packet_sent', form))), expected, JSON.stringify(form))
  }
})

t.test('a family appears with the first record that shows it, and at nothing less', async (t) => {
  const shows: readonly (readonly [record: object, family: string, not: string])[] = [
    [
      event('quic:packet_sent', { header: { packet_type: '1RTT' } }),
      'quic_packets_sent_total',
      'quic_sent_bytes_total',
    ],
    [
      event('quic:packet_sent', { header: { packet_type: '1RTT' }, raw: { length: 9 } }),
      'quic_sent_bytes_total',
      'quic_received_bytes_total',
    ],
    [
      event('quic:packet_sent', { header: { packet_type: '1RTT' }, frames: [] }),
      'quic_handshakes_failed_total',
      'quic_packets_lost_total',
    ],
    [
      event('quic:recovery_metrics_updated', { smoothed_rtt: 9 }),
      'quic_rtt_seconds',
      'quic_congestion_window_bytes',
    ],
    [
      event('quic:recovery_metrics_updated', { smoothed_rtt: 9 }),
      'quic_min_rtt_seconds',
      'quic_bandwidth_estimate_bytes_per_second',
    ],
    [
      event('quic:packet_lost', { header: { packet_type: '1RTT', packet_number: 1 } }),
      'quic_packets_lost_total',
      'quic_connection_loss_ratio',
    ],
    [
      event('quic:packet_lost', { lost_packets: 2, lost_bytes: 2500 }),
      'quic_lost_bytes_total',
      'quic_packets_spuriously_lost_total',
    ],
    [
      event('quic:key_updated', { trigger: 'tls' }),
      'quic_connections_total',
      'quic_key_updates_total',
    ],
  ]
  for (const [record, family, not] of shows) {
    const page = await pageOf(record)
    t.ok(has(page, family), `${JSON.stringify(record)}: ${family}`)
    t.notOk(has(page, not), `${JSON.stringify(record)}: not ${not}`)
  }
})

t.test('no handshake fails where nothing would show that one was complete', async (t) => {
  const bare = event('quic:packet_received', { header: { packet_type: '1RTT' } })
  t.notOk(has(await pageOf(bare), 'quic_handshakes_failed_total'))
  const framed = event('quic:packet_received', { header: { packet_type: 'initial' }, frames: [] })
  t.same(nonZero(await pageOf(framed), 'quic_handshakes_failed_total'), { timeout: 1 })
})

t.test('path frames are paired by their data, whatever its name', async (t) => {
  const frame = (type: string, data: object) => ({
    header: { packet_type: '1RTT' },
    frames: [{ frame_type: type, ...data }],
  })
  const done = event('quic:packet_sent', frame('handshake_done', {}))
  for (const key of ['data', '', 'path_data']) {
    const challenge = (data: string) =>
      event('quic:packet_sent', frame('path_challenge', { [key || 'path_challenge']: data }), 2)
    const response = (data: string) =>
      event('quic:packet_received', frame('path_response', { [key || 'path_response']: data }), 3)
    const wrong = await pageOf(done, challenge('aa'), response('bb'))
    t.same(nonZero(wrong, 'quic_path_validations_total'), {}, key)
    const right = await pageOf(done, challenge('aa'), response('bb'), response('aa'))
    t.same(nonZero(right, 'quic_path_validations_total'), { '': 1 }, key)
  }
})

t.test('two connections in one stream, as quinn writes them', async (t) => {
  const page = await read([fixture('quinn.sqlog')])
  t.equal(total(page, 'quic_connections_total'), 2)
  t.equal(total(page, 'quic_packets_sent_total'), 32)
  t.equal(total(page, 'quic_packets_received_total'), 6)
  t.equal(total(page, 'quic_sent_bytes_total'), 2 * 16 * 1200)
  t.notOk(has(page, 'quic_received_bytes_total'), 'received packets have no length')
  t.same(nonZero(page, 'quic_packets_lost_total'), { time_threshold: 2 })
  t.same(observed(page, 'quic_min_rtt_seconds'), { '0.05': 2 }, 'never the first guess of 333 ms')
  t.same(observed(page, 'quic_rtt_seconds'), { '0.05': 4 })
  t.notOk(has(page, 'quic_handshakes_failed_total'))
  t.notOk(has(page, 'quic_connections_vanished_total'), 'it never says how a connection ends')
})

t.test('round-trip times in seconds are known by the first guess', async (t) => {
  const metrics = (data: object, time: number) => event('recovery:metrics_updated', data, time)
  const guess = { smoothed_rtt: 0.333, min_rtt: 0.333, latest_rtt: 0.333, rtt_variance: 0.1665 }
  const seconds = await pageOf(
    metrics(guess, 1),
    metrics({ smoothed_rtt: 0.02, min_rtt: 0.019 }, 2),
    metrics({ bytes_in_flight: 1 }, 1500),
  )
  t.equal(total(seconds, 'quic_min_rtt_seconds_sum'), 0.019)
  t.same(observed(seconds, 'quic_rtt_seconds'), { '0.025': 2 })
  const ms = await pageOf(metrics({ smoothed_rtt: 12, min_rtt: 12 }, 1), metrics(guess, 2))
  t.equal(total(ms, 'quic_min_rtt_seconds_sum'), 0.000333, 'later on it is a fast path in ms')
})

t.test('mvfst: its own word on paths, N packets lost at once', async (t) => {
  const page = await read([fixture('mvfst.qlog')])
  t.same(nonZero(page, 'quic_packets_lost_total'), { unknown: 3 })
  t.equal(total(page, 'quic_lost_bytes_total'), 3756)
  t.same(nonZero(page, 'quic_path_validations_total'), { '': 2 }, 'not once more from the frames')
  t.same(nonZero(page, 'quic_path_validations_failed_total'), { '': 1 })
  t.same(nonZero(page, 'quic_connection_migrations_total'), { nat_rebinding: 1, active: 1 })
  for (const untold of [
    'quic_path_validation_duration_seconds',
    'quic_path_validations_abandoned_total',
    'quic_connection_migrations_failed_total',
  ]) {
    t.notOk(has(page, untold), untold)
  }
  t.equal(total(page, 'quic_path_challenges_sent_total'), 2, 'the frames are counted all the same')
  t.equal(
    total(page, 'quic_handshake_duration_seconds_sum'),
    0.031,
    'to HANDSHAKE_DONE, not to the readiness of the server alone',
  )
  t.equal(total(page, 'quic_zero_rtt_rejected_total'), 1)
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'unknown unknown': 1 })
})

t.test('draft-01: lists, microseconds, numbers as text', async (t) => {
  const page = await read([fixture('draft-01.qlog')])
  const { events } = JSON.parse(fixture('draft-01.qlog').toString()).traces[0]
  const named = (name: string) =>
    events.filter(([, , event]: string[]) => event?.toLowerCase() === name)
  t.equal(total(page, 'quic_packets_sent_total'), named('packet_sent').length)
  t.equal(total(page, 'quic_packets_received_total'), named('packet_received').length)
  t.equal(total(page, 'quic_packets_lost_total'), named('packet_lost').length)
  t.same(observed(page, 'quic_rtt_seconds'), { '0.025': 1 }, '21.5 ms')
  t.same(observed(page, 'quic_congestion_window_bytes'), { '8192.0': 1 }, '7,360 at the end')
  t.equal(total(page, 'quic_handshake_duration_seconds_sum'), 0.0207)
  t.same(nonZero(page, 'quic_congestion_state_transitions_total'), { other: 1 }, 'a number')
  t.same(nonZero(page, 'quic_connections_closed_total'), { 'no_error local': 1 })
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
})

t.test('the current draft: states of a migration, a probe that was lost', async (t) => {
  const page = await read([fixture('current-draft.sqlog')])
  t.same(nonZero(page, 'quic_path_validations_total'), { '': 2 })
  t.same(nonZero(page, 'quic_path_validations_failed_total'), { '': 1 })
  t.same(nonZero(page, 'quic_connection_migrations_total'), { unknown: 2 })
  t.same(nonZero(page, 'quic_connection_migrations_failed_total'), { unknown: 1 })
  t.same(nonZero(page, 'quic_packets_lost_total'), { reordering_threshold: 1, time_threshold: 1 })
  t.same(nonZero(page, 'quic_mtu_probes_lost_total'), { '': 1 })
  t.same(nonZero(page, 'quic_packets_spuriously_lost_total'), { '': 1 })
  t.same(nonZero(page, 'quic_connection_errors_total'), { 'application h3_request_cancelled': 1 })
  t.equal(total(page, 'quic_exporter_events_unknown_total'), 0)
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
  t.equal(total(page, 'quic_exporter_values_rejected_total'), 0)
})

t.test('what a file has shown survives in the state, under a name of its own', (t) => {
  const generic = dialectNamed('generic')
  t.equal(dialectOfKey('generic'), generic)
  const key = 'generic packets+frames+rtt'
  const variant = dialectOfKey(key)
  t.equal(variant === undefined ? '' : dialectKey(variant), key)
  t.equal(variant?.capabilities.rtt, true)
  t.equal(variant?.capabilities.loss, undefined)
  t.equal(dialectOfKey(key), variant, 'the same each time')
  for (const unknown of ['generic x', 'generic packets+', 'generic constructor', 'generic ', 'x']) {
    t.equal(dialectOfKey(unknown), undefined, unknown)
  }
  t.end()
})

t.test('sets of signals without end do not make variants without end', (t) => {
  const words = `packets sent_bytes received_bytes frames states close_errors close_triggers version
    drops loss`.split(/\s+/)
  const variants = new Set(
    Array.from({ length: 1 << words.length }, (_, set) =>
      dialectOfKey(`generic ${words.filter((_, bit) => set & (1 << bit)).join('+') || 'ecn'}`),
    ),
  )
  t.ok(variants.size < 150, `${variants.size} variants of ${1 << words.length} sets`)
  const last = dialectOfKey(`generic ${words.join('+')}`)
  t.equal(last?.capabilities.packets, true, 'what is beyond them counts as having shown all')
  t.equal(last?.capabilities.pto, true)
  t.end()
})

/** Absent is not zero: what a writer can tell is there at 0 from its first header on, all else never. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { CLOSE_REASONS } from '../exporter/connections/derived.ts'
import { dialects } from '../qlog-parsers/index.ts'
import { caddyLb, fixtures } from './support/fixtures.ts'
import { allSeries, type Page, total } from './support/page.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

/** Every family of the contract's section on QUIC transport. */
const FAMILIES = `quic_connections_total quic_connections_active quic_connections_silent
  quic_connections_closed_total quic_connections_vanished_total quic_connection_errors_total
  quic_connection_duration_seconds quic_connection_versions_total quic_handshakes_completed_total
  quic_handshakes_failed_total quic_handshake_duration_seconds quic_zero_rtt_connections_total
  quic_zero_rtt_rejected_total quic_connections_half_open quic_retry_packets_sent_total
  quic_version_negotiation_packets_sent_total quic_stateless_reset_packets_sent_total
  quic_packets_sent_total quic_packets_received_total quic_sent_bytes_total
  quic_received_bytes_total quic_packets_lost_total quic_mtu_probes_lost_total
  quic_lost_bytes_total quic_packets_spuriously_lost_total quic_connection_loss_ratio
  quic_packets_dropped_total quic_pto_total quic_rtt_seconds quic_rtt_above_min_seconds
  quic_min_rtt_seconds quic_rtt_variation_seconds quic_congestion_window_bytes
  quic_in_flight_bytes quic_pacing_rate_bytes_per_second
  quic_bandwidth_estimate_bytes_per_second quic_congestion_state_seconds_total
  quic_congestion_state_transitions_total quic_path_challenges_sent_total
  quic_path_challenges_received_total quic_path_responses_sent_total
  quic_path_responses_received_total quic_path_validations_total
  quic_path_validations_failed_total quic_path_validations_abandoned_total
  quic_path_validation_duration_seconds quic_connection_migrations_total
  quic_connection_migrations_failed_total quic_path_mtu_bytes quic_key_updates_total
  quic_ecn_connections_total quic_streams_opened_total quic_stream_reset_frames_sent_total
  quic_stream_reset_frames_received_total quic_blocked_frames_sent_total
  quic_blocked_frames_received_total quic_http3_requests_total`.split(/\s+/)

/** What only an endpoint's own trace or another kind of source can tell. */
const ENDPOINT = `quic_connections_half_open quic_zero_rtt_rejected_total quic_retry_packets_sent_total
  quic_version_negotiation_packets_sent_total quic_stateless_reset_packets_sent_total
  quic_lost_bytes_total`
const LOSS = 'quic_packets_lost_total quic_connection_loss_ratio'
const SPURIOUS = 'quic_packets_spuriously_lost_total quic_mtu_probes_lost_total'
const NOTHING_BUT = (...given: string[]) =>
  FAMILIES.filter((name) => !given.includes(name)).join(' ')
const PACING = 'quic_pacing_rate_bytes_per_second'
const RECOVERY = `quic_pto_total quic_rtt_seconds quic_rtt_above_min_seconds quic_min_rtt_seconds
  quic_rtt_variation_seconds quic_congestion_window_bytes quic_in_flight_bytes
  quic_bandwidth_estimate_bytes_per_second quic_connections_vanished_total`
const STATES = 'quic_congestion_state_seconds_total quic_congestion_state_transitions_total'

/** What each dialect cannot tell (DIALECTS: what its writers log). */
const ABSENT: Readonly<Record<string, string>> = {
  'quic-go': `${ENDPOINT} ${PACING}`,
  'quic-go-legacy': `${ENDPOINT} ${PACING} quic_http3_requests_total`,
  quiche: `${ENDPOINT} ${SPURIOUS} ${PACING} quic_packets_dropped_total quic_ecn_connections_total`,
  'quiche-legacy': `${ENDPOINT} ${LOSS} ${SPURIOUS} ${PACING} quic_pto_total
    quic_packets_dropped_total quic_ecn_connections_total`,
  aioquic: `${ENDPOINT} ${PACING} ${STATES} quic_connection_versions_total quic_pto_total
    quic_path_mtu_bytes quic_ecn_connections_total`,
  'nginx-qlog': `${ENDPOINT} ${PACING} ${STATES} quic_connection_versions_total
    quic_packets_dropped_total quic_path_mtu_bytes quic_key_updates_total
    quic_ecn_connections_total quic_http3_requests_total`,
  openssl: `${ENDPOINT} ${PACING} ${STATES} ${RECOVERY} quic_connection_versions_total
    quic_sent_bytes_total quic_received_bytes_total quic_mtu_probes_lost_total
    quic_path_validations_total quic_path_validations_failed_total
    quic_path_validations_abandoned_total quic_path_validation_duration_seconds
    quic_connection_migrations_total quic_connection_migrations_failed_total
    quic_packets_dropped_total quic_path_mtu_bytes quic_key_updates_total
    quic_ecn_connections_total quic_http3_requests_total`,
  // Its header promises nothing; what its records show comes later.
  generic: NOTHING_BUT(
    'quic_connections_total',
    'quic_connections_active',
    'quic_connections_silent',
    'quic_connections_closed_total',
    'quic_connection_duration_seconds',
  ),
  ngtcp2: `${ENDPOINT} ${PACING} ${STATES} quic_connection_versions_total
    quic_packets_dropped_total quic_path_mtu_bytes quic_key_updates_total
    quic_ecn_connections_total quic_http3_requests_total`,
}

/** The label values that it can write, where it cannot write all that the contract lists. */
const VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'quic-go': {
    'quic_packets_lost_total trigger': 'reordering_threshold time_threshold',
    'quic_congestion_state_seconds_total state':
      'slow_start congestion_avoidance recovery application_limited idle',
    'quic_connection_migrations_total kind': 'nat_rebinding active',
    'quic_key_updates_total initiator': 'local remote',
    'quic_connections_closed_total reason': CLOSE_REASONS.join(' '),
  },
  quiche: {
    'quic_packets_lost_total trigger': 'unknown',
    'quic_congestion_state_transitions_total state': `slow_start congestion_avoidance recovery
      bbr_startup bbr_drain bbr_probe_bw_cruise bbr_probe_bw_down bbr_probe_bw_refill
      bbr_probe_bw_up bbr_probe_rtt`,
    'quic_key_updates_total initiator': 'remote',
    'quic_connections_closed_total reason': `no_error application_error transport_error
      crypto_error idle_timeout handshake_timeout expired evicted unknown`,
  },
  'nginx-qlog': {
    'quic_packets_lost_total trigger': 'reordering_threshold time_threshold',
    'quic_connections_closed_total reason': `no_error application_error transport_error
      crypto_error idle_timeout handshake_timeout expired evicted unknown`,
  },
  openssl: {
    'quic_packets_lost_total trigger': 'unknown',
    'quic_connections_closed_total reason': `no_error application_error transport_error
      crypto_error idle_timeout handshake_timeout expired evicted unknown`,
  },
  generic: { 'quic_connections_closed_total reason': 'expired evicted unknown' },
  ngtcp2: {
    'quic_packets_lost_total trigger': 'unknown',
    'quic_connection_migrations_failed_total kind': 'nat_rebinding active',
    'quic_connections_closed_total reason': `no_error application_error transport_error
      crypto_error expired evicted unknown`,
  },
}

/** Depends on the clock, so it is not on the page of a replay; its capability is told all the same. */
const CLOCK = ['quic_connections_silent']

const words = (text: string) => text.trim().split(/\s+/)
const isQuic = (name: string) => name.startsWith('quic_') && !name.startsWith('quic_exporter_')
const capabilitiesOf = (page: Page) =>
  new Map(
    page
      .get('quic_exporter_source_capability')
      ?.samples.map(({ labels, value }) => [labels.signal ?? '', value] as const)
      .filter(([signal]) => !signal.startsWith('quic_lb_')),
  )

t.test('every dialect has its expectations here', async (t) => {
  t.same(dialects.map(({ name }) => name).sort(), Object.keys(ABSENT).sort())
})

t.test('before a header is read there is nothing about QUIC, and no capability row', async (t) => {
  const page = await read([new Uint8Array(0)])
  t.same([...page.keys()].filter(isQuic), [])
  t.notOk(page.has('quic_exporter_source_capability'))
  t.equal(total(page, 'quic_exporter_records_total'), 0)
})

for (const [dialect, absent] of Object.entries(ABSENT)) {
  t.test(`${dialect}: after the header alone all that it can tell is there at 0`, async (t) => {
    const page = await read([fileOf(headerOf(dialect))], { ended: false })
    const missing = words(absent)
    const given = FAMILIES.filter((name) => !missing.includes(name))
    const onPage = given.filter((name) => !CLOCK.includes(name))
    t.same([...page.keys()].filter(isQuic), [...onPage].sort())
    for (const name of onPage) {
      for (const { value, line } of page.get(name)?.samples ?? []) t.equal(value, 0, line)
    }
    const rows = capabilitiesOf(page)
    t.same([...rows.keys()].sort(), [...FAMILIES].sort(), 'a row for every family, 0 or 1')
    for (const name of FAMILIES) t.equal(rows.get(name), missing.includes(name) ? 0 : 1, name)
    for (const [place, values] of Object.entries(VALUES[dialect] ?? {})) {
      const [name = '', label = ''] = place.split(' ')
      const seen = page.get(name)?.samples.map(({ labels }) => labels[label] ?? '')
      t.same([...new Set(seen)].sort(), words(values).sort(), place)
    }
  })
}

t.test('only errors have an initiator, and codes only their own layer', async (t) => {
  const page = await read([fileOf(headerOf('quic-go'))])
  for (const { labels } of page.get('quic_connections_closed_total')?.samples ?? []) {
    const byError = /error$/.test(labels.reason ?? '')
    t.equal(labels.initiator === 'unknown', !byError, `${labels.reason} ${labels.initiator}`)
  }
  const pairs = page.get('quic_connection_errors_total')?.samples ?? []
  t.equal(pairs.filter(({ labels }) => labels.layer === 'crypto').length, 16)
  t.equal(pairs.filter(({ labels }) => labels.layer === 'transport').length, 17)
  t.notOk(pairs.some(({ labels }) => labels.code === 'no_error' || labels.code === 'h3_no_error'))
})

const series = (page: Page) => [...allSeries(page)].filter((one) => isQuic(one)).sort()

for (const { name, dialect, path, vantage } of fixtures()) {
  if (dialect === 'generic') continue
  t.test(`${name}: nothing appears later that was not there at 0`, async (t) => {
    const file = readFileSync(path)
    // Whether quiche paces by a rate of its own no header tells.
    const known = (page: Page) => series(page).filter((one) => !one.startsWith(PACING))
    t.same(known(await read([file], { vantage })), known(await read([fileOf(headerOf(dialect))])))
  })
}

for (const { name, path } of fixtures().filter(({ dialect }) => dialect === 'generic')) {
  t.test(`${name}: what its records show is there, and said to be`, async (t) => {
    const page = await read([readFileSync(path)])
    const rows = capabilitiesOf(page)
    for (const family of FAMILIES.filter((one) => !CLOCK.includes(one))) {
      t.equal(page.has(family), rows.get(family) === 1, family)
    }
    t.ok([...rows.values()].filter((row) => row === 1).length > 15)
  })
}

t.test('360 connections of one proxy: nothing appears later either', async (t) => {
  const files = caddyLb().map(({ content }) => Buffer.from(content))
  t.same(series(await read(files)), series(await read([fileOf(headerOf('quic-go'))])))
})

t.test(
  'quiche that told nothing about loss turns out to tell it: capability 0 becomes 1',
  async (t) => {
    const name = 'recovery:metrics_updated'
    const plain = { time: 1, name, data: { smoothed_rtt: 20 } }
    const counted = { time: 2, name, data: { cf_lost_packets: { total: 3, delta: 3 } } }
    const header = headerOf('quiche-legacy')
    const before = await read([fileOf(header, plain)])
    t.notOk(before.has('quic_packets_lost_total'))
    t.equal(capabilitiesOf(before).get('quic_packets_lost_total'), 0)
    const after = await read([fileOf(header, plain, counted)])
    t.equal(total(after, 'quic_packets_lost_total', { trigger: 'unknown' }), 3)
    t.equal(capabilitiesOf(after).get('quic_packets_lost_total'), 1)
    t.notOk(after.has('quic_packets_spuriously_lost_total'))
    const later = 'quic_pto_total'
    t.notOk(after.has(later), 'not in quiche 0.26')
    const quiche = series(await read([fileOf(headerOf('quiche'))]))
    const without = quiche.filter((one) => !one.startsWith(later))
    t.same(series(after), without, 'else like any other quiche')
  },
)

t.test('a source of two dialects has what either can tell', async (t) => {
  const page = await read([fileOf(headerOf('ngtcp2')), fileOf(headerOf('quiche-legacy'))])
  t.ok(page.has('quic_packets_lost_total'))
  t.ok(page.has('quic_http3_requests_total'))
  const rows = capabilitiesOf(page)
  t.equal(rows.get('quic_packets_lost_total'), 1, 'what one can tell is not taken back')
  t.equal(rows.get('quic_packets_dropped_total'), 0)
  const info = page.get('quic_exporter_source_info')?.samples.map(({ labels }) => labels.dialect)
  t.same(info?.sort(), ['ngtcp2', 'quiche-legacy'])
})

t.test('quiche tells a pacing rate only with BBR2: absent until a record has one', async (t) => {
  const name = 'quic:recovery_metrics_updated'
  const cubic = { time: 1, name, data: { congestion_window: 13_500 } }
  const paced = { time: 2, name, data: { congestion_window: 13_500, pacing_rate: 9_000 } }
  const before = await read([fileOf(headerOf('quiche'), cubic)])
  t.notOk(before.has(PACING))
  t.equal(capabilitiesOf(before).get(PACING), 0)
  const after = await read([fileOf(headerOf('quiche'), cubic, paced)])
  t.equal(total(after, `${PACING}_sum`), 9_000)
  t.equal(capabilitiesOf(after).get(PACING), 1)
})

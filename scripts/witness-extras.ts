// The witness's reading of what is simply counted or the last of its kind.
import type { Life } from './witness-life.ts'
import { mtuIn, type QlogEvent, type Stream } from './witness-stream.ts'
import type { Tally } from './witness-tally.ts'

/** Path MTU, ECN, 0-RTT, key updates, HTTP/3 responses and dropped packets. */
export function extras({ events }: Stream, life: Life, tally: Tally): void {
  const alive = events.slice(0, life.lastIndex + 1)
  const mtu = alive.map(mtuIn).findLast((bytes) => bytes !== undefined)
  if (mtu !== undefined) tally.observe('quic_path_mtu_bytes', mtu)
  const ecn = alive.filter((event) => event.name === 'ecn_state_updated').at(-1)?.data.new
  if (ecn !== undefined) {
    // A connection that ended while testing does not know.
    const state = /^(capable|failed)$/.test(`${ecn}`) ? `${ecn}` : 'unknown'
    tally.add('quic_ecn_connections_total', { state })
  }
  if (alive.some(({ name, data }) => name === 'packet_received' && isZeroRtt(data.header))) {
    tally.add('quic_zero_rtt_connections_total')
  }
  for (const initiator of ['local', 'remote']) {
    const updates = keyUpdates(events, initiator)
    if (updates > 0) tally.add('quic_key_updates_total', { initiator }, updates)
  }
  for (const { name, data } of events) {
    if (name === 'frame_created' && data.frame?.frame_type === 'headers') {
      const fields = data.frame.headers ?? data.frame.header_fields ?? []
      const status = fields.find((field) => field.name === ':status')?.value
      // HEADERS without a status are trailers.
      if (status === undefined || status.startsWith('1')) continue
      const code = /^[2345]\d\d$/.test(status) ? `${status[0]}xx` : 'other'
      tally.add('quic_http3_requests_total', { code })
    }
    if (name === 'packet_dropped') {
      tally.add('quic_packets_dropped_total', { reason: dropReason(data.trigger ?? '') })
    }
  }
}

// One update replaces the keys of both directions, so it is written once for each secret.
function keyUpdates(events: readonly QlogEvent[], initiator: string): number {
  const updates = events
    .filter((event) => event.name === 'key_updated')
    .filter((event) => event.data.trigger === `${initiator}_update`)
  const perSecret = ['client', 'server'].map(
    (side) => updates.filter((event) => event.data.key_type?.startsWith(side)).length,
  )
  return Math.max(...perSecret)
}

function isZeroRtt(header: { readonly packet_type?: string } | undefined): boolean {
  return header?.packet_type?.toLowerCase() === '0rtt'
}

function dropReason(trigger: string): string {
  if (/^unexpected_/.test(trigger)) return 'unexpected'
  if (/^(header_parse_error|protocol_violation|invalid_initial)$/.test(trigger)) return 'invalid'
  if (trigger === 'payload_decrypt_error') return 'decryption_failure'
  if (trigger === 'unknown_connection_id') return 'connection_unknown'
  if (trigger === 'rejected') return 'dos_prevention'
  const same =
    /^(key_unavailable|decryption_failure|connection_unknown|unsupported_version|invalid|duplicate|dos_prevention|internal_error)$/
  return same.test(trigger) ? trigger : 'other'
}

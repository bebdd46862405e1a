// The witness's reading of how a connection began and ended.
import { codeName, codeNumber } from './witness-codes.ts'
import type { Life } from './witness-life.ts'
import { inFlightAtEnd } from './witness-recovery.ts'
import { framesOf, type QlogEvent, type Stream } from './witness-stream.ts'
import type { Tally } from './witness-tally.ts'

interface Cause {
  readonly reason: string
  readonly initiator: string
  readonly layer?: string
  readonly code?: number
}

/** Counts a connection's start, handshake, version and end. */
export function closeOf(stream: Stream, life: Life, tally: Tally): void {
  const { events } = stream
  const cause = causeOf(events, life)
  tally.add('quic_connections_total')
  tally.add('quic_connections_closed_total', { reason: cause.reason, initiator: cause.initiator })
  tally.observe('quic_connection_duration_seconds', life.end - life.start)
  if (cause.layer && cause.code !== undefined) {
    const code = codeName(cause.layer, cause.code)
    tally.add('quic_connection_errors_total', { layer: cause.layer, code })
  }
  if (/^(idle_timeout|expired)$/.test(cause.reason) && (inFlightAtEnd(stream, life) ?? 0) > 0) {
    tally.add('quic_connections_vanished_total')
  }
  const version = versionOf(events)
  if (version) tally.add('quic_connection_versions_total', { version })
  if (life.handshakeIndex < 0) {
    tally.add('quic_handshakes_failed_total', { reason: failureOf(cause.reason) })
    return
  }
  tally.add('quic_handshakes_completed_total')
  const first = events.find((event) => event.name === 'packet_received')
  const done = events[life.handshakeIndex]
  if (first && done) tally.observe('quic_handshake_duration_seconds', done.t - first.t)
}

// A connection that expired while shaking hands failed by timeout; its close reason is expired.
function failureOf(reason: string): string {
  if (/timeout|expired/.test(reason)) return 'timeout'
  if (reason === 'version_mismatch') return 'version'
  return /^(crypto|transport|application)_error$/.exec(reason)?.[1] ?? 'other'
}

function causeOf(events: readonly QlogEvent[], life: Life): Cause {
  if (!life.closed) return { reason: 'expired', initiator: 'unknown' }
  const event = events.find((candidate) => candidate.name === 'connection_closed')
  const trigger = event?.data.trigger ?? ''
  const timeout = life.handshakeIndex < 0 ? 'handshake_timeout' : 'idle_timeout'
  if (/^(idle_timeout|handshake_timeout)$/.test(trigger)) {
    return { reason: timeout, initiator: 'unknown' }
  }
  if (/^(stateless_reset|version_mismatch)$/.test(trigger)) {
    return { reason: trigger, initiator: 'unknown' }
  }
  const ending = events[life.lastIndex]
  const told = (ending && errorOfFrame(ending)) ?? (event && errorOfEvent(event))
  const isError = told !== undefined && !isNoError(told.space, told.code)
  if (!isError && life.end - lastReceived(events, life) >= 0.95 * idleTimeout(events)) {
    return { reason: timeout, initiator: 'unknown' }
  }
  if (!told) return { reason: 'unknown', initiator: 'unknown' }
  const { initiator, space, code } = told
  if (!isError) return { reason: 'no_error', initiator }
  const isCrypto = space === 'transport' && code >= 0x100 && code <= 0x1ff
  const layer = isCrypto ? 'crypto' : space
  return { reason: `${layer}_error`, initiator, layer, code }
}

interface Told {
  readonly initiator: string
  readonly space: string
  readonly code: number
}

function errorOfFrame(event: QlogEvent): Told | undefined {
  const frame = framesOf(event).find((candidate) => candidate.frame_type === 'connection_close')
  const code = asNumber(frame?.raw_error_code ?? frame?.error_code)
  if (frame?.error_space === undefined || code === undefined) return undefined
  const initiator = event.name === 'packet_sent' ? 'local' : 'remote'
  return { initiator, space: frame.error_space.replace('_error', ''), code }
}

function errorOfEvent({ data }: QlogEvent): Told | undefined {
  const written = data.initiator ?? data.owner ?? ''
  const initiator = /^(local|remote)$/.test(written) ? written : 'unknown'
  const ofApplication = data.application_code ?? data.application_error
  const ofTransport = data.connection_code ?? data.connection_error
  const given = ofApplication ?? ofTransport
  if (given === undefined) return undefined
  const code = data.error_code ?? asNumber(given) ?? -1
  return { initiator, space: ofApplication === undefined ? 'transport' : 'application', code }
}

function asNumber(code: number | string | undefined): number | undefined {
  return typeof code === 'string' ? codeNumber(code) : code
}

// An application that closes with code 0 means no error, as one with H3_NO_ERROR does.
function isNoError(space: string, code: number): boolean {
  return code === 0 || (space === 'application' && code === 0x100)
}

function lastReceived(events: readonly QlogEvent[], life: Life): number {
  const alive = events.slice(0, life.lastIndex + 1)
  return alive.findLast((event) => event.name === 'packet_received')?.t ?? life.start
}

// The smaller of what both sides announced; 30 s where nobody did. Microseconds.
function idleTimeout(events: readonly QlogEvent[]): number {
  const announced = events
    .filter((event) => event.name === 'parameters_set')
    .map((event) => event.data.max_idle_timeout ?? 0)
    .filter((ms) => ms > 0)
  return announced.length > 0 ? Math.min(...announced) * 1000 : 30_000_000
}

function versionOf(events: readonly QlogEvent[]): string | undefined {
  const chosen = events.find((event) => event.data.chosen_version !== undefined)
  const named = events.find((event) => event.data.header?.version !== undefined)
  const written = chosen?.data.chosen_version ?? named?.data.header?.version
  if (written === undefined) return undefined
  const names: Readonly<Record<string, string>> = {
    '1': 'v1',
    '6b3343cf': 'v2',
    ff00001d: 'draft29',
  }
  return names[written.replace(/^(0x)?0*/, '')] ?? 'other'
}

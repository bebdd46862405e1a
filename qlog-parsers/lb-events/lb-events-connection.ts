/** QUIC connections in a home-made balancer's words. */
import { frameError } from '../decoding/errors.ts'
import type { CloseTrigger, MigrationKind, QuicEvent, QuicVersion } from '../events.ts'
import type { Values } from './lb-events-values.ts'

/** What one `connection` line says, in order. */
export function connectionEvents(values: Values, at: number): readonly QuicEvent[] {
  const version = values.text('version') as QuicVersion | undefined
  const lost = values.number('packets_lost') ?? 0
  return [
    ...(values.text('event') === 'started' ? [{ type: 'connection_opened', at } as const] : []),
    ...(version === undefined ? [] : [{ type: 'version', at, version } as const]),
    ...metricsOf(values, at),
    ...(lost > 0 ? [{ type: 'packets_lost', at, count: lost, trigger: 'unknown' } as const] : []),
    ...lifeOf(values, at),
  ]
}

/** What one `migration` or `path_validation` line says. */
export function pathEvent(
  type: 'migration' | 'path_validation',
  values: Values,
  at: number,
): QuicEvent {
  const outcome = values.text('outcome')
  if (type === 'migration') {
    const kind = (values.text('kind') ?? 'unknown') as MigrationKind
    return { type, at, kind, failed: outcome === 'failed' }
  }
  if (outcome === 'failed') return { type: 'path_validation_failed', at }
  const durationUs = values.number('duration_ms')
  return { type: 'path_validated', at, ...(durationUs === undefined ? {} : { durationUs }) }
}

const METRICS = [
  'smoothed_rtt_ms',
  'min_rtt_ms',
  'rtt_variation_ms',
  'congestion_window',
  'bytes_in_flight',
]

function metricsOf(values: Values, at: number): readonly QuicEvent[] {
  if (METRICS.every((field) => values.number(field) === undefined)) return []
  return [
    {
      type: 'recovery_metrics',
      at,
      initialGuess: false,
      smoothedRttUs: values.number('smoothed_rtt_ms'),
      minRttUs: values.number('min_rtt_ms'),
      rttVariationUs: values.number('rtt_variation_ms'),
      ptoCount: undefined,
      congestionWindow: values.number('congestion_window'),
      bytesInFlight: values.number('bytes_in_flight'),
      pacingRate: undefined,
    },
  ]
}

function lifeOf(values: Values, at: number): readonly QuicEvent[] {
  const event = values.text('event')
  if (event === 'closed') return [closed(values, at)]
  if (event !== 'handshake_completed') return []
  return [
    ...(values.flag('zero_rtt') === true ? [{ type: 'zero_rtt_used', at } as const] : []),
    { type: 'connection_state', at, state: 'handshake_complete' },
  ]
}

function closed(values: Values, at: number): QuicEvent {
  const trigger = values.text('trigger') as CloseTrigger | undefined
  const code = values.number('error_code')
  const error =
    code === undefined
      ? undefined
      : frameError({ error_space: values.text('error_space') ?? 'transport', error_code: code })
  return {
    type: 'connection_closed',
    at,
    initiator: (values.text('initiator') ?? 'unknown') as 'local' | 'remote' | 'unknown',
    ...(trigger === undefined ? {} : { trigger }),
    ...(error === undefined ? {} : { error }),
  }
}

/**
 * The events that a home-made balancer writes for us, as data: the reader, the JSON Schema and the
 * documentation follow from it. One JSON object a line; keys that are not defined are ignored.
 */
import {
  MOST_BODY_BYTES,
  MOST_LOST,
  MOST_RETRIES,
  MOST_RTT_US,
  MOST_WINDOW_BYTES,
} from '../decoding/bounds.ts'
import { MIGRATION_KINDS, QUIC_VERSIONS } from '../events.ts'
import { ABORTERS, BREAKER_STATES, METHODS } from '../log-events.ts'

/** `milliseconds` may have a fraction; `time` is RFC 3339 or Unix seconds. */
export type FieldKind = 'time' | 'text' | 'count' | 'milliseconds' | 'flag' | 'list'

export interface FieldDefinition {
  readonly kind: FieldKind
  /** It must be there. */
  readonly required?: true
  /** It must be there if this other field, which stands before it, says this. */
  readonly requiredWith?: readonly [field: string, word: string]
  /** The only texts that it can be. */
  readonly words?: readonly string[]
  /** The largest value that is believed; of milliseconds in µs. */
  readonly most?: number
  /** What the objects of a list hold; without it a list holds texts. */
  readonly items?: EventDefinition
  readonly about: string
}

/** Fields by name. */
export type EventDefinition = { readonly [field: string]: FieldDefinition }

const TIME: FieldDefinition = {
  kind: 'time',
  required: true,
  about: 'When it happened: RFC 3339, or seconds since 1970.',
}
const backend = (about: string): FieldDefinition => ({ kind: 'text', about })
const ms = (about: string, most?: number): FieldDefinition => ({
  kind: 'milliseconds',
  about,
  ...(most === undefined ? {} : { most }),
})
const status = (about: string): FieldDefinition => ({ kind: 'count', most: 999, about })

const ATTEMPT: EventDefinition = {
  backend: { ...backend('Its name or address.'), required: true },
  status: status('What it answered; none if it did not.'),
  duration_ms: ms('How long it took to answer.'),
}

export const CLOSE_TRIGGERS = [
  'idle_timeout',
  'handshake_timeout',
  'stateless_reset',
  'version_mismatch',
] as const

export const EVENTS = {
  hello: {
    events: {
      kind: 'list',
      required: true,
      about: 'Everything that this writer will tell: event types, and `type.field`.',
    },
  },
  request: {
    time: TIME,
    protocol: {
      kind: 'text',
      required: true,
      about: '`http/1.1`, `h2`, `h3`; others count as other.',
    },
    status: status('Final status; none if the client went away first.'),
    method: { kind: 'text', about: `${METHODS.slice(0, -1).join(', ')}; others count as other.` },
    duration_ms: ms('From the first byte of the request to the last of the response.'),
    response_bytes: { kind: 'count', most: MOST_BODY_BYTES, about: 'Size of the response.' },
    backend: backend('The backend that answered, if `attempts` does not say more.'),
    backend_status: status('What it answered, if that is not `status`.'),
    backend_duration_ms: ms('How long it took to answer.'),
    attempts: { kind: 'list', items: ATTEMPT, about: 'Every try at a backend, in order.' },
    retries: { kind: 'count', most: MOST_RETRIES, about: 'Tries after the first.' },
    aborted_by: {
      kind: 'text',
      words: ABORTERS,
      about: 'Who cut it short; `server` is the backend.',
    },
    without_backend: { kind: 'flag', about: 'No backend could take it.' },
    client_rtt_ms: ms('Smoothed round-trip time to the client.', MOST_RTT_US),
    client_packets_lost: {
      kind: 'count',
      most: MOST_LOST,
      about: 'Packets to the client declared lost since its last request.',
    },
  },
  backend_health: {
    time: TIME,
    backend: { ...backend('Its name or address.'), required: true },
    up: { kind: 'flag', required: true, about: 'Whether requests are sent to it.' },
  },
  circuit_breaker: {
    time: TIME,
    backend: { ...backend('The backend behind it.'), required: true },
    event: {
      kind: 'text',
      required: true,
      words: ['transition', 'failure', 'rejection'],
      about: 'It changed its state; a try failed in a way that it counts; it kept a request away.',
    },
    state: {
      kind: 'text',
      words: BREAKER_STATES,
      requiredWith: ['event', 'transition'],
      about: 'The new state; a transition must have it.',
    },
  },
  connection: {
    time: TIME,
    id: {
      kind: 'text',
      required: true,
      about: 'What this QUIC connection is called; never exported.',
    },
    event: {
      kind: 'text',
      required: true,
      words: ['started', 'handshake_completed', 'metrics', 'closed'],
      about: 'What happened to it. `metrics` is a sample, at best once a second.',
    },
    version: { kind: 'text', words: QUIC_VERSIONS, about: 'The QUIC version in use.' },
    zero_rtt: { kind: 'flag', about: 'With `handshake_completed`: it carried 0-RTT data.' },
    smoothed_rtt_ms: ms('Smoothed round-trip time.', MOST_RTT_US),
    min_rtt_ms: ms('Smallest round-trip time of the path.', MOST_RTT_US),
    rtt_variation_ms: ms('Round-trip time variation.', MOST_RTT_US),
    congestion_window: { kind: 'count', most: MOST_WINDOW_BYTES, about: 'Bytes.' },
    bytes_in_flight: { kind: 'count', most: MOST_WINDOW_BYTES, about: 'Bytes.' },
    packets_lost: {
      kind: 'count',
      most: MOST_LOST,
      about: 'Packets declared lost since the last line of this connection.',
    },
    trigger: {
      kind: 'text',
      words: CLOSE_TRIGGERS,
      about: 'With `closed`: why, if there was no CONNECTION_CLOSE frame.',
    },
    error_space: {
      kind: 'text',
      words: ['transport', 'application'],
      about: 'With `closed`: whose `error_code` it is.',
    },
    error_code: { kind: 'count', about: 'With `closed`: the code of the frame.' },
    initiator: { kind: 'text', words: ['local', 'remote'], about: 'With `closed`: who closed it.' },
  },
  migration: {
    time: TIME,
    connection: { kind: 'text', about: 'Its `id`, if connections are told.' },
    kind: { kind: 'text', words: MIGRATION_KINDS, about: 'Why the address changed.' },
    outcome: {
      kind: 'text',
      required: true,
      words: ['succeeded', 'failed'],
      about: 'How it ended.',
    },
  },
  path_validation: {
    time: TIME,
    connection: { kind: 'text', about: 'Its `id`, if connections are told.' },
    outcome: {
      kind: 'text',
      required: true,
      words: ['validated', 'failed'],
      about: 'How it ended.',
    },
    duration_ms: ms('From the first PATH_CHALLENGE to its answer.'),
  },
} as const satisfies { readonly [type: string]: EventDefinition }

export type EventType = keyof typeof EVENTS

/** The event types, in the order of the documentation. */
export const EVENT_TYPES = Object.keys(EVENTS) as EventType[]

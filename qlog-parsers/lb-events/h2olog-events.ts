/** The lines of h2olog that mean something by themselves, as events. Durations are milliseconds. */
import { MOST_PACKET_BYTES, MOST_RTT_US, MOST_WINDOW_BYTES } from '../decoding/bounds.ts'
import { frameError } from '../decoding/errors.ts'
import type { Fields, JsonObject } from '../decoding/fields.ts'
import type { Direction, PacketType, QuicEvent } from '../events.ts'

/** What a line says; undefined if it lacks what it must have. */
export type LineEvents = (
  line: JsonObject,
  at: number,
  fields: Fields,
) => readonly QuicEvent[] | undefined

/** quicly's numbers of the epochs. */
const PACKET_TYPES: readonly PacketType[] = ['initial', '0rtt', 'handshake', '1rtt']

/** quicly's minimum before the first measurement: all bits of 32. */
const UNMEASURED_MS = 2 ** 32 - 1

/** By type. */
export const H2OLOG_EVENTS: Readonly<Record<string, LineEvents>> = {
  accept: (_line, at) => [{ type: 'connection_opened', at }],
  free: (_line, at) => [{ type: 'connection_closed', at, initiator: 'unknown' }],
  'idle-timeout': (_line, at) => [
    { type: 'connection_closed', at, initiator: 'unknown', trigger: 'idle_timeout' },
  ],
  'stateless-reset-receive': (_line, at) => [
    { type: 'connection_closed', at, initiator: 'unknown', trigger: 'stateless_reset' },
  ],
  'transport-close-send': close('sent', 'transport'),
  'transport-close-receive': close('received', 'transport'),
  'application-close-send': close('sent', 'application'),
  'application-close-receive': close('received', 'application'),
  'handshake-done-send': (_line, at) => [{ type: 'handshake_done', at, direction: 'sent' }],
  'retire-connection-id-receive': (_line, at) => [
    { type: 'retire_connection_id', at, direction: 'received' },
  ],
  'packet-sent': packet('sent'),
  'packet-received': packet('received'),
  'packet-lost'(line, at, fields) {
    const number = fields.count(line, 'pn')
    if (number === undefined) return undefined
    // quicly numbers the packets of all spaces in one row.
    return [
      { type: 'packets_lost', at, count: 1, trigger: 'unknown', space: 'application', number },
    ]
  },
  'packet-acked'(line, at, fields) {
    const number = fields.count(line, 'pn')
    if (number === undefined) return undefined
    return [{ type: 'ack_received', at, space: 'application', ranges: [number, number] }]
  },
  pto(line, at, fields) {
    const flow = flowOf(line, fields)
    // Each line is one that expired; its count begins below 0, and anew with every acknowledgement.
    return [metrics(at, { ...flow, ptoCount: 0 }), metrics(at, { ...flow, ptoCount: 1 })]
  },
  'cc-ack-received': (line, at, fields) => [metrics(at, flowOf(line, fields))],
  'cc-congestion': (line, at, fields) => [metrics(at, flowOf(line, fields))],
  'quictrace-cc-ack': (line, at, fields) => [
    metrics(at, { ...flowOf(line, fields), ...rttOf(line, fields) }),
  ],
}

/** The frames of path validation, with their data. */
export function pathFrame(type: string, data: string, at: number): QuicEvent | undefined {
  const [, name, direction] = /^path-(challenge|response)-(send|receive)$/.exec(type) ?? []
  if (name === undefined) return undefined
  return {
    type: name === 'challenge' ? 'path_challenge' : 'path_response',
    at,
    direction: direction === 'send' ? 'sent' : 'received',
    data,
  }
}

function packet(direction: Direction): LineEvents {
  return (line, at, fields) => {
    const number = fields.count(line, 'pn')
    const epoch = fields.count(line, 'packet-type', PACKET_TYPES.length - 1)
    // Of a received packet only the length of what was in it is logged.
    const bytes = direction === 'sent' ? fields.count(line, 'len', MOST_PACKET_BYTES) : undefined
    return [
      {
        type: 'packet',
        at,
        direction,
        packetType: PACKET_TYPES[epoch ?? -1] ?? 'unknown',
        number,
        bytes,
        destinationId: undefined,
        probeOnly: false,
        streamIds: [],
      },
    ]
  }
}

function close(direction: Direction, space: 'transport' | 'application'): LineEvents {
  return (line, at) => [
    {
      type: 'connection_close_frame',
      at,
      direction,
      error: frameError({ error_space: space, error_code: line['error-code'] }),
    },
  ]
}

type Metrics = Partial<Omit<Extract<QuicEvent, { type: 'recovery_metrics' }>, 'type' | 'at'>>

function metrics(at: number, some: Metrics): QuicEvent {
  return {
    type: 'recovery_metrics',
    at,
    initialGuess: false,
    smoothedRttUs: undefined,
    minRttUs: undefined,
    rttVariationUs: undefined,
    ptoCount: undefined,
    congestionWindow: undefined,
    bytesInFlight: undefined,
    pacingRate: undefined,
    ...some,
  }
}

function flowOf(line: JsonObject, fields: Fields): Metrics {
  return {
    congestionWindow: fields.count(line, 'cwnd', MOST_WINDOW_BYTES),
    bytesInFlight: fields.count(line, 'inflight', MOST_WINDOW_BYTES),
  }
}

function rttOf(line: JsonObject, fields: Fields): Metrics {
  if (line['min-rtt'] === UNMEASURED_MS) return { initialGuess: true }
  return {
    smoothedRttUs: fields.milliseconds(line, 'smoothed-rtt', MOST_RTT_US),
    minRttUs: fields.milliseconds(line, 'min-rtt', MOST_RTT_US),
    rttVariationUs: fields.milliseconds(line, 'variance-rtt', MOST_RTT_US),
  }
}

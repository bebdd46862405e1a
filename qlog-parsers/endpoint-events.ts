/** What an endpoint does outside any connection, or counts over all of them; part of the vocabulary of events.ts. */

/** Packets that an endpoint sends without a connection of its own, and how many. */
export interface EndpointPacketsSent<
  T extends 'retry_sent' | 'version_negotiation_sent' | 'stateless_reset_sent',
> {
  readonly type: T
  readonly at: number
  readonly count: number
}

/** Handshakes that failed, counted by an endpoint that does not say which. */
export interface HandshakesFailed {
  readonly type: 'handshakes_failed'
  readonly at: number
  readonly count: number
}

/** How many handshakes are under way just now. */
export interface HalfOpen {
  readonly type: 'half_open'
  readonly at: number
  readonly count: number
}

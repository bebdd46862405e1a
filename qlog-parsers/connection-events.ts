/** Stations of a connection's life; part of the vocabulary of events.ts. */

/**
 * The producer says that a connection begins here: the first event of its record. Where a connection of that
 * name was known, that one is over and this is another.
 */
export interface ConnectionOpened {
  readonly type: 'connection_opened'
  readonly at: number
}

/** A connection entered a state that matters here. */
export interface ConnectionState {
  readonly type: 'connection_state'
  readonly at: number
  readonly state: 'handshake_complete' | 'closing' | 'draining' | 'closed'
}

/** The first 0-RTT packet of a connection was received. */
export interface ZeroRttUsed {
  readonly type: 'zero_rtt_used'
  readonly at: number
}

/** The server refused a client's 0-RTT data. */
export interface ZeroRttRejected {
  readonly type: 'zero_rtt_rejected'
  readonly at: number
}

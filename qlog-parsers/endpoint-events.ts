/** What an endpoint does outside any connection; part of the vocabulary of events.ts. */

/** Packets that an endpoint sends without a connection of its own, and how many. */
export interface EndpointPacketsSent<
  T extends 'retry_sent' | 'version_negotiation_sent' | 'stateless_reset_sent',
> {
  readonly type: T
  readonly at: number
  readonly count: number
}

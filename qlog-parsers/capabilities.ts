/**
 * What a producer's log can tell, in the words of the events. A list names the only values that it
 * can write. What is missing here must never be shown as zero.
 */
import type { CloseTrigger, CongestionState, LossTrigger } from './events.ts'

export interface Capabilities {
  readonly connection: true
  readonly packets?: true
  readonly version?: true
  readonly zeroRtt?: true
  readonly loss?: readonly LossTrigger[]
  /** `event`: the producer says so itself; `acks`: told from later acknowledgements. */
  readonly spuriousLoss?: 'event' | 'acks'
  /** Lost packets are numbered, so that path-MTU probes can be told apart. */
  readonly lossNumbers?: true
  readonly drops?: true
  readonly pto?: true
  readonly rtt?: true
  readonly congestionWindow?: true
  readonly bytesInFlight?: true
  readonly pacingRate?: true
  readonly congestionStates?: readonly CongestionState[]
  readonly pathFrames?: true
  readonly migrationKinds?: readonly ('nat_rebinding' | 'active' | 'unknown')[]
  readonly pathMtu?: true
  readonly keyUpdates?: readonly ('local' | 'remote')[]
  readonly ecn?: true
  readonly streams?: true
  readonly http3?: true
  /** Ends without a CONNECTION_CLOSE frame that leave a close event; others are only seen as silence. */
  readonly closeTriggers?: readonly CloseTrigger[]
}

export type Capability = keyof Capabilities

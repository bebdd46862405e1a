/**
 * What a producer's log can tell, in the words of the events. A list names the only values that it
 * can write. What is missing here must never be shown as zero.
 */
import type {
  CloseTrigger,
  CongestionState,
  LossTrigger,
  MigrationKind,
  PacketType,
} from './events.ts'
import type { RequestCapabilities } from './request-capabilities.ts'

export interface Capabilities extends RequestCapabilities {
  /** Every QUIC connection is seen, from its start to its end or its silence. */
  readonly connection?: true
  readonly packets?: true
  /** The types of packets sent that are only counted. */
  readonly sentPackets?: readonly PacketType[]
  /** Lengths of the packets sent, of those received. */
  readonly sentBytes?: true
  readonly receivedBytes?: true
  /** It shows when a handshake is complete: what ends without it has failed. */
  readonly handshake?: true
  /** Failed handshakes are counted, completed ones are not: no ratio comes of it. */
  readonly handshakeFailures?: true
  /** How many handshakes are under way. */
  readonly halfOpen?: true
  /** Errors that end connections, and who named them. */
  readonly errorCodes?: true
  readonly version?: true
  readonly zeroRtt?: true
  readonly zeroRttRejected?: true
  readonly loss?: readonly LossTrigger[]
  /** Every connection's loss is known: one without a record of it has lost nothing. */
  readonly lossRatio?: true
  readonly lostBytes?: true
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
  /** PATH_CHALLENGE and PATH_RESPONSE frames. */
  readonly pathFrames?: true
  /** How path validations end, inferred from those frames or told. */
  readonly pathValidations?: true
  readonly pathDurations?: true
  /** Validations that the end of the connection cut short are told apart. */
  readonly pathAbandonments?: true
  readonly migrationKinds?: readonly MigrationKind[]
  /** Moves that failed are told apart. */
  readonly migrationFailures?: true
  /** It says itself how validations end and when the peer moves: nothing is inferred from frames. */
  readonly toldPaths?: true
  readonly pathMtu?: true
  readonly keyUpdates?: readonly ('local' | 'remote')[]
  readonly ecn?: true
  readonly streams?: true
  readonly http3?: true
  /** Packets that an endpoint sends outside any connection. */
  readonly retries?: true
  readonly versionNegotiations?: true
  readonly statelessResets?: true
  /** Ends without a CONNECTION_CLOSE frame that leave a close event; others are only seen as silence. */
  readonly closeTriggers?: readonly CloseTrigger[]
}

export type Capability = keyof Capabilities

/**
 * The largest values that are believed. One absurd value in one record must not ruin a counter for good:
 * beyond these a value is rejected and counted, on both decoding paths.
 */

/** A UDP payload (RFC 9000 §14). */
export const MOST_PACKET_BYTES = 65_535
/** Congestion window and bytes in flight: 1 TiB. */
export const MOST_WINDOW_BYTES = 2 ** 40
/** Bits or bytes a second. */
export const MOST_RATE = 2 ** 44
/** Probe timeouts in a row: each doubles the wait. */
export const MOST_PTO_COUNT = 64
/** Round-trip times: ten minutes. */
export const MOST_RTT_US = 600_000_000
/** Packets that one record declares lost. */
export const MOST_LOST = 2 ** 20
/** Stream ids: some 10^9 streams of each kind on one connection. */
export const MOST_STREAM_ID = 2 ** 32
/** From one record of a file to the next: a week. */
export const MOST_STEP_US = 7 * 86_400_000_000
/** The body of one response: 16 TiB. */
export const MOST_BODY_BYTES = 2 ** 44
/** Tries of one request after the first. */
export const MOST_RETRIES = 1_000

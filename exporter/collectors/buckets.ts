/** Bucket bounds that several families share (METRICS). */

export const RTT_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5,
]

/** 2^12 … 2^25 bytes. */
export const WINDOW_BUCKETS = Array.from({ length: 14 }, (_, i) => 2 ** (12 + i))

/** 2^13, ×4, … 2^29 bytes per second. */
export const RATE_BUCKETS = Array.from({ length: 9 }, (_, i) => 2 ** (13 + 2 * i))

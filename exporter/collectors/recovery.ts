/** RTT, congestion window, bytes in flight and rates, sampled once per busy connection-second. */

import { RATE_BUCKETS, RTT_BUCKETS, WINDOW_BUCKETS } from './buckets.ts'
import type { Collector } from './collector.ts'

export const recovery: Collector = (metrics) => {
  const sampled = 'One sample per active connection-second.'
  const rtt = metrics.histogram({
    name: 'quic_rtt_seconds',
    help: `Smoothed round-trip time. ${sampled}`,
    unit: 'seconds',
    buckets: RTT_BUCKETS,
    signal: 'rtt',
  })
  const aboveMin = metrics.histogram({
    name: 'quic_rtt_above_min_seconds',
    help: `Smoothed round-trip time above the smallest measured one of the same connection: queueing. ${sampled}`,
    unit: 'seconds',
    buckets: RTT_BUCKETS,
    signal: 'rtt',
  })
  const minRtt = metrics.histogram({
    name: 'quic_min_rtt_seconds',
    help: 'Smallest measured round-trip time of a connection over all its paths. One observation per connection.',
    unit: 'seconds',
    buckets: RTT_BUCKETS,
    signal: 'rtt',
  })
  const variation = metrics.histogram({
    name: 'quic_rtt_variation_seconds',
    help: `Round-trip time variation (RFC 9002 section 5.3). ${sampled}`,
    unit: 'seconds',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    signal: 'rtt',
  })
  const window = metrics.histogram({
    name: 'quic_congestion_window_bytes',
    help: `Congestion window. ${sampled}`,
    unit: 'bytes',
    buckets: WINDOW_BUCKETS,
    signal: 'congestionWindow',
  })
  const inFlight = metrics.histogram({
    name: 'quic_in_flight_bytes',
    help: `Bytes in flight, the largest value of the second. ${sampled}`,
    unit: 'bytes',
    buckets: WINDOW_BUCKETS,
    signal: 'bytesInFlight',
  })
  const pacing = metrics.histogram({
    name: 'quic_pacing_rate_bytes_per_second',
    help: `Pacing rate. ${sampled}`,
    unit: 'bytes',
    buckets: RATE_BUCKETS,
    signal: 'pacingRate',
  })
  const bandwidth = metrics.histogram({
    name: 'quic_bandwidth_estimate_bytes_per_second',
    help: `Congestion window by smoothed round-trip time: a ceiling, not a throughput. ${sampled}`,
    unit: 'bytes',
    buckets: RATE_BUCKETS,
    signal: 'bandwidth',
  })
  return {
    busy_second(_event, { source, recovery: now }) {
      const smoothed = now.smoothedRttUs
      if (smoothed !== undefined) {
        rtt.observe(source, smoothed)
        if (now.minRttUs !== undefined)
          aboveMin.observe(source, Math.max(0, smoothed - now.minRttUs))
      }
      if (now.rttVariationUs !== undefined) variation.observe(source, now.rttVariationUs)
      if (now.congestionWindow !== undefined) {
        window.observe(source, now.congestionWindow)
        if (smoothed !== undefined && smoothed > 0) {
          bandwidth.observe(source, Math.round((now.congestionWindow * 1e6) / smoothed))
        }
      }
      if (now.maxBytesInFlight !== undefined) inFlight.observe(source, now.maxBytesInFlight)
      if (now.pacingRate !== undefined) pacing.observe(source, now.pacingRate)
    },
    connection_ended(_event, { source, recovery: now }) {
      if (now.minRttUs !== undefined) minRtt.observe(source, now.minRttUs)
    },
  }
}

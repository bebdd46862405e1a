/** Requests of every HTTP version, from the balancer's own request log; never summed with QUIC's HTTP/3 frames. */
import { ABORTERS, METHODS, PROTOCOLS, type Request } from '../../qlog-parsers/index.ts'
import { RTT_BUCKETS } from './buckets.ts'
import type { Collector } from './collector.ts'

export const REQUEST_CODES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const

export const requests: Collector = (metrics) => {
  const protocol = PROTOCOLS
  const total = metrics.counter({
    name: 'quic_lb_requests_total',
    help: 'Requests by protocol and class of their final status.',
    labels: { protocol, code: REQUEST_CODES },
    signal: 'requests',
  })
  const byMethod = metrics.counter({
    name: 'quic_lb_requests_by_method_total',
    help: 'Requests by method (RFC 9110, RFC 5789).',
    labels: { method: METHODS },
    signal: 'requestMethods',
  })
  const aborted = metrics.counter({
    name: 'quic_lb_requests_aborted_total',
    help: 'Requests cut short before their response was complete, whatever their status.',
    labels: { protocol, initiator: ABORTERS },
    signal: 'aborts',
  })
  const withoutBackend = metrics.counter({
    name: 'quic_lb_requests_without_backend_total',
    help: 'Requests that the balancer answered itself because no backend could take them.',
    labels: { protocol },
    signal: 'withoutBackend',
  })
  const duration = metrics.histogram({
    name: 'quic_lb_request_duration_seconds',
    help: 'How long requests took, as the balancer logs it.',
    labels: { protocol },
    unit: 'seconds',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    signal: 'requestDurations',
  })
  const bytes = metrics.counter({
    name: 'quic_lb_response_bytes_total',
    help: 'Bytes of responses as the balancer logs them; some proxies count headers, some do not.',
    labels: { protocol },
    unit: 'bytes',
    signal: 'responseBytes',
  })
  const retries = metrics.counter({
    name: 'quic_lb_retries_total',
    help: 'Tries after the first that requests needed.',
    signal: 'requestRetries',
  })
  const clientRtt = metrics.histogram({
    name: 'quic_lb_client_rtt_seconds',
    help: 'Smoothed round-trip time to the client at the end of each request.',
    labels: { protocol },
    unit: 'seconds',
    buckets: RTT_BUCKETS,
    signal: 'clientRtt',
  })
  const clientLost = metrics.counter({
    name: 'quic_lb_client_lost_packets_total',
    help: 'Packets to QUIC clients declared lost, from the running totals in the request log.',
    signal: 'clientLoss',
  })
  return {
    request(event, { source }) {
      const { protocol } = event
      total.add(source, 1, protocol, codeOf(event.status))
      if (event.method !== undefined) byMethod.add(source, 1, event.method)
      if (event.abortedBy !== undefined) aborted.add(source, 1, protocol, event.abortedBy)
      if (event.withoutBackend === true) withoutBackend.add(source, 1, protocol)
      if (event.durationUs !== undefined) duration.observe(source, event.durationUs, protocol)
      if (event.responseBytes !== undefined) bytes.add(source, event.responseBytes, protocol)
      if (event.retries !== undefined && event.retries > 0) retries.add(source, event.retries)
      if (event.clientRttUs !== undefined) clientRtt.observe(source, event.clientRttUs, protocol)
      if (event.clientLost !== undefined) clientLost.add(source, event.clientLost)
    },
  }
}

/** `2xx` for 204; `other` for what is no status. */
export function codeOf(status: Request['status']): (typeof REQUEST_CODES)[number] {
  if (status === undefined || status < 100 || status > 599) return 'other'
  return REQUEST_CODES[Math.floor(status / 100) - 1] ?? 'other'
}

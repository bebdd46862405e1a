/** HTTP/3 requests as the QUIC log shows them; never to be summed with a request log's. */
import type { Collector } from './collector.ts'

const CODES = ['2xx', '3xx', '4xx', '5xx', 'other']

export const http3: Collector = (metrics) => {
  const requests = metrics.counter({
    name: 'quic_http3_requests_total',
    help: 'Final HTTP/3 responses by class of status, from the QUIC log; never to be summed with a request log.',
    labels: { code: CODES },
    signal: 'http3',
  })
  return {
    http3_response(event, { source }) {
      const code = `${Math.floor(event.status / 100)}xx`
      requests.add(source, 1, CODES.includes(code) ? code : 'other')
    },
  }
}

/**
 * quic-go 0.56 and later, as Caddy 2.11 writes it: a header with the new schema names, events with the
 * old ones, and no field that is zero. What it did not write before: spurious losses and HTTP/3 frames.
 */
import type { Dialect } from '../dialect.ts'
import { quicGoLegacy } from './quic-go-legacy.ts'
import { spuriousLoss } from './standard.ts'
import { responseReader } from './standard-connection.ts'
import { metricsReader, metricsScan } from './standard-metrics.ts'

const options = { omitsZero: true }

export const quicGo: Dialect = {
  name: 'quic-go',
  producers: 'quic-go ≥ 0.56 (Caddy ≥ 2.11)',
  advice: 'nothing: QLOGDIR already gives everything that quic-go logs',
  wrote: (header) => header.title.startsWith('quic-go') && header.hasReferenceObject,
  capabilities: { ...quicGoLegacy.capabilities, spuriousLoss: 'event', http3: true },
  rules: quicGoLegacy.rules,
  readers: new Map([
    ...quicGoLegacy.readers,
    ['recovery:metrics_updated', metricsReader(options)],
    ['recovery:spurious_loss', spuriousLoss],
    ['http3:frame_created', responseReader('header_fields')],
  ]),
  scans: new Map([...quicGoLegacy.scans, ['recovery:metrics_updated', metricsScan(options)]]),
  unread: new Set([
    ...quicGoLegacy.unread,
    'http3:frame_parsed',
    'http3:datagram_created',
    'http3:datagram_parsed',
  ]),
}

// The witness's reading of loss; ACKs are searched for each lost packet from the whole rest of the log.
import { framesOf, type Life, type Stream, spaceOf } from './witness-stream.ts'
import type { Tally } from './witness-tally.ts'

/** Counts what a sender declared lost, and what of it later turned out to have arrived. */
export function losses(stream: Stream, life: Life, tally: Tally): void {
  const { events, writer } = stream
  let lost = 0
  let spurious = 0
  for (const [index, { name, data }] of events.entries()) {
    const counts = index <= life.lastIndex ? 1 : 0
    if (name === 'packet_lost' && isMtuProbe(stream, index)) {
      tally.add('quic_mtu_probes_lost_total')
    } else if (name === 'packet_lost') {
      const known = /^(reordering_threshold|time_threshold|pto_expired)$/
      const trigger = known.test(data.trigger ?? '') ? (data.trigger ?? '') : 'unknown'
      tally.add('quic_packets_lost_total', { trigger })
      lost += counts
    }
    const delta = data.cf_lost_packets?.delta ?? 0
    if (delta > 0) tally.add('quic_packets_lost_total', { trigger: 'unknown' }, delta)
    lost += delta * counts
    const bytes = data.cf_lost_bytes?.delta ?? 0
    if (bytes > 0) tally.add('quic_lost_bytes_total', {}, bytes)
    // Lost path-MTU probes that arrived after all are spurious too, though not in packets lost.
    if (name === 'spurious_loss') {
      tally.add('quic_packets_spuriously_lost_total')
      spurious += counts
    } else if (name === 'packet_lost' && writer !== 'quic-go') {
      const ack = ackIndex(stream, index)
      if (ack < 0) continue
      tally.add('quic_packets_spuriously_lost_total')
      spurious += ack <= life.lastIndex ? 1 : 0
    }
  }
  // The packet that ends the connection is still one of its packets.
  const knowsLoss = writer !== 'quiche-legacy'
  const sent = events
    .slice(0, life.lastIndex + 1)
    .filter(({ name, data }) => name === 'packet_sent' && data.header?.packet_number !== undefined)
  if (!knowsLoss || sent.length < 100) return
  const ratio = Math.round((Math.max(0, lost - spurious) / sent.length) * 1e6)
  tally.observe('quic_connection_loss_ratio', ratio)
}

// Before the first mtu_updated the MTU is the largest packet that carried something else.
function isMtuProbe({ events }: Stream, lossIndex: number): boolean {
  const header = events[lossIndex]?.data.header
  const before = events.slice(0, lossIndex)
  const updates = before.filter((event) => event.name === 'mtu_updated')
  const sent = before.filter((event) => event.name === 'packet_sent')
  const isProbing = (event: (typeof sent)[number]) =>
    framesOf(event).every((frame) => /^(ping|padding)$/.test(frame.frame_type))
  const length = (event: (typeof sent)[number]) => event.data.raw?.length ?? 0
  const probe = sent.find(
    (event) =>
      event.data.header?.packet_number === header?.packet_number &&
      event.data.header?.packet_type === header?.packet_type,
  )
  if (!probe || !isProbing(probe)) return false
  const others = sent.filter((event) => !isProbing(event)).map(length)
  const mtu = updates[updates.length - 1]?.data.mtu ?? Math.max(1200, ...others)
  return length(probe) > mtu
}

// The first later ACK, in the same packet number space, that covers a packet declared lost.
function ackIndex({ events }: Stream, lossIndex: number): number {
  const { packet_type: type, packet_number: number = -1 } = events[lossIndex]?.data.header ?? {}
  return events.findIndex((event, index) => {
    if (index < lossIndex || event.name !== 'packet_received') return false
    if (spaceOf(event.data.header?.packet_type) !== spaceOf(type)) return false
    const ranges = framesOf(event).flatMap((frame) => frame.acked_ranges ?? [])
    return ranges.some(([from = 0, to = from]) => from <= number && number <= to)
  })
}

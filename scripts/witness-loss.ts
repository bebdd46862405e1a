// The witness's reading of loss; ACKs are searched for each lost packet in the whole rest of the log.

import type { Life } from './witness-life.ts'
import type { Attempt } from './witness-paths.ts'
import { framesOf, mtuIn, type QlogEvent, type Stream, spaceOf } from './witness-stream.ts'
import type { Tally } from './witness-tally.ts'

/** A packet that was declared lost or that arrived after all; `index` is the event that says so. */
interface Finding {
  readonly index: number
  readonly isProbe: boolean
}

/** Counts what a sender declared lost and what of it arrived; returns the probes that did. */
export function losses(
  stream: Stream,
  life: Life,
  attempts: readonly Attempt[],
  tally: Tally,
): number {
  const probes = mtuProbes(stream, attempts)
  const lost = named(stream, 'packet_lost', probes)
  const arrived =
    stream.writer === 'quic-go'
      ? named(stream, 'spurious_loss', probes)
      : lost
          .map((loss) => ({ ...loss, index: ackOf(stream, loss.index) }))
          .filter(({ index }) => index >= 0)
  for (const { index, isProbe } of lost) {
    const written = stream.events[index]?.data.trigger ?? ''
    const known = /^(reordering_threshold|time_threshold|pto_expired)$/
    const trigger = known.test(written) ? written : 'unknown'
    if (isProbe) tally.add('quic_mtu_probes_lost_total')
    else tally.add('quic_packets_lost_total', { trigger })
  }
  const deltas = stream.events.map(({ data }) => Math.max(0, data.cf_lost_packets?.delta ?? 0))
  const unnumbered = sum(deltas)
  if (unnumbered > 0) tally.add('quic_packets_lost_total', { trigger: 'unknown' }, unnumbered)
  // A probe is not among the packets lost, so it is not among those of them that arrived.
  const spurious = arrived.filter((one) => !one.isProbe)
  if (spurious.length > 0) tally.add('quic_packets_spuriously_lost_total', {}, spurious.length)
  const inLife = (found: readonly Finding[]) =>
    found.filter(({ index, isProbe }) => !isProbe && index <= life.lastIndex).length
  const declared = inLife(lost) + sum(deltas.slice(0, life.lastIndex + 1))
  ratio(stream, life, declared - inLife(spurious), tally)
  return arrived.length - spurious.length
}

function ratio({ events, writer }: Stream, life: Life, net: number, tally: Tally): void {
  // The packet that ends the connection is still one of its packets.
  const sent = events
    .slice(0, life.lastIndex + 1)
    .filter(({ name, data }) => name === 'packet_sent' && data.header?.packet_number !== undefined)
  if (writer === 'quiche-legacy' || sent.length < 100) return
  const millionths = Math.round((Math.max(0, net) / sent.length) * 1e6)
  tally.observe('quic_connection_loss_ratio', millionths)
}

function named({ events }: Stream, name: string, probes: ReadonlySet<string>): Finding[] {
  return events.flatMap((event, index) =>
    event.name === name ? [{ index, isProbe: probes.has(packetOf(event)) }] : [],
  )
}

// The MTU is the largest packet sent that was no probe, or what the writer says it is; on a path
// that has just been validated nothing is known of it.
function mtuProbes({ events }: Stream, attempts: readonly Attempt[]): Set<string> {
  const validated = attempts.filter((attempt) => attempt.outcome === 'validated')
  const newPaths = new Set(validated.map((attempt) => attempt.position))
  const probes = new Set<string>()
  let mtu = 0
  for (const [index, event] of events.entries()) {
    if (newPaths.has(index)) mtu = 0
    mtu = mtuIn(event) ?? mtu
    if (event.name !== 'packet_sent') continue
    const length = event.data.raw?.length ?? 0
    if (isPadded(event) && length > mtu) probes.add(packetOf(event))
    else mtu = Math.max(mtu, length)
  }
  return probes
}

function isPadded(event: QlogEvent): boolean {
  const types = framesOf(event).map((frame) => frame.frame_type)
  const isOneRtt = event.data.header?.packet_type?.toLowerCase() === '1rtt'
  return isOneRtt && types.includes('ping') && types.every((type) => /^(ping|padding)$/.test(type))
}

function packetOf({ data }: QlogEvent): string {
  const space = data.packet_number_space ?? data.header?.packet_type
  return `${spaceOf(space)} ${data.header?.packet_number ?? data.packet_number}`
}

// The first later ACK, in the same packet number space, that covers a packet declared lost; or -1.
function ackOf({ events }: Stream, lossIndex: number): number {
  const { packet_type: type, packet_number: number = -1 } = events[lossIndex]?.data.header ?? {}
  return events.findIndex((event, index) => {
    if (index < lossIndex || event.name !== 'packet_received') return false
    if (spaceOf(event.data.header?.packet_type) !== spaceOf(type)) return false
    const ranges = framesOf(event).flatMap((frame) => frame.acked_ranges ?? [])
    return ranges.some(([from = 0, to = from]) => from <= number && number <= to)
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

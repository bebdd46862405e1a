// Declared loss beside what the relay between client and server really dropped.
import type { Measured } from './accuracy-cases.ts'
import { sumOf } from './accuracy-figures.ts'
import { readPage } from './accuracy-series.ts'
import { tableOf, titleOf } from './accuracy-tables.ts'

/** Why the loss on the page is not the relay's number, per recording. */
const reasons: Readonly<Record<string, string>> = {
  'quic-go/reorder': `Pure reordering, nothing was dropped. All 32 declarations were taken back: 31 of
    packets and 1 of a path-MTU probe. A lost probe is no lost packet, so it is no spurious one
    either, and one remains in *declared + probes − spurious*.`,
  'quic-go/pathval-fails': `The relay dropped the three packets with PATH_CHALLENGE on the new path;
    quic-go keeps probes of a path out of its loss detection and never declares them lost.`,
  'quiche/reorder': `Pure reordering. quiche writes neither packet numbers nor an event, so nothing
    can show that the two declarations were wrong, and the spurious series is absent.`,
  'quiche/pathval-fails': `quiche moved to the path that dropped everything: 19 packets until it fell
    back, then one more challenge and its CONNECTION_CLOSE. It closed before declaring any lost.`,
  'ngtcp2/reorder': `Pure reordering. ngtcp2 declares 25; later ACKs cover 23 of them. The last two were
    declared 8 ms before the client closed, without an ACK for them.`,
  'ngtcp2/pathval-fails': `36 declared when the path was given up, 1 packet with only an ACK (never
    declared), and 12 sent on the new path in the last 235 ms, still in flight when the log ends.`,
}

/** The section of docs/accuracy.md. */
export function relaySection(all: readonly Measured[]): string {
  const known = all.filter(knowsRelay)
  const rows = known.map((one) => {
    const { relay, net } = netLoss(one)
    const shown = ['packets_lost', 'mtu_probes_lost', 'packets_spuriously_lost'].map((name) =>
      valueOrDash(one.page, `quic_${name}_total`),
    )
    return [titleOf(one), relay, ...shown, net, net - relay]
  })
  const listed = known
    .filter(differs)
    .map(({ name }) => `- **${name}**: ${(reasons[name] ?? 'not explained').replace(/\s+/g, ' ')}`)
  return `## Declared loss against the network

A log says what the sender believes, the relay knows what it dropped. *relay* = datagrams towards the
client that it dropped; *net* = declared + probes − spurious; – = this writer's log cannot tell.

${tableOf(['recording', 'relay', 'declared', 'MTU probes', 'spurious', 'net', 'net − relay'], rows)}

Where the two differ:

${listed.join('\n')}
`
}

/** Recordings whose net loss is not what the relay dropped and for which no reason is given. */
export function unexplained(all: readonly Measured[]): string[] {
  return all
    .filter((one) => knowsRelay(one) && differs(one))
    .map((one) => one.name)
    .filter((name) => !(name in reasons))
}

function knowsRelay(one: Measured): boolean {
  return (one.truth?.truth_lost_down ?? '') !== ''
}

function differs(one: Measured): boolean {
  const { relay, net } = netLoss(one)
  return relay !== net
}

function netLoss({ page, truth }: Measured): { relay: number; net: number } {
  const declared =
    sumOf(page, 'quic_packets_lost_total') + sumOf(page, 'quic_mtu_probes_lost_total')
  return {
    relay: Number(truth?.truth_lost_down) + Number(truth?.truth_queue_drops),
    net: declared - sumOf(page, 'quic_packets_spuriously_lost_total'),
  }
}

function valueOrDash(page: string, family: string): number | string {
  const isExposed = readPage(page).some((sample) => sample.family === family)
  return isExposed ? sumOf(page, family) : '–'
}

import type { Replica } from './replica.ts'
import { growthOf, growthOfAll, type Series } from './sums.ts'
import type { Book } from './writer.ts'

/** What one replica has counted, from its raw samples. */
export interface Account {
  readonly replica: string
  /** Reset-corrected growth of the counters that the book has too. */
  readonly counted: Readonly<Record<WitnessName, number>>
  /** Those of them whose first sample was not 0, so that growth went unseen. */
  readonly lateWitnesses: readonly string[]
  /** Counters and histograms of ours that fell though they promise to go on: how often, by name. */
  readonly resets: Readonly<Record<string, number>>
  /** What Prometheus's own `resets()` says of the counters that the book has too. */
  readonly prometheusResets: number
  /** Successful and failed scrapes. */
  readonly scrapes: { readonly good: number; readonly failed: number }
}

type WitnessName = keyof typeof WITNESSES

/** The counters that have an entry in the writer's book. */
const WITNESSES = {
  quic_packets_received_total: ({ packets }) => packets,
  quic_received_bytes_total: ({ packetBytes }) => packetBytes,
  quic_connections_total: ({ connections }) => connections,
  quic_connections_closed_total: ({ closed }) => closed,
  quic_exporter_records_total: ({ records }) => records,
  quic_exporter_read_bytes_total: ({ bytes }) => bytes,
  quic_exporter_records_failed_total: () => 0,
  quic_exporter_lost_bytes_total: () => 0,
} as const satisfies Record<string, (book: Book) => number>

const NAMES = Object.keys(WITNESSES) as WitnessName[]

/** What every account has to say in the end. */
export function expected(book: Book): Record<WitnessName, number> {
  return Object.fromEntries(NAMES.map((name) => [name, WITNESSES[name](book)])) as Record<
    WitnessName,
    number
  >
}

/** Takes the raw samples of all our series from a replica and adds them up. */
export async function takeAccount(replica: Replica): Promise<Account> {
  const counters = '__name__=~"quic_.+_(total|sum|count|bucket)"'
  const all = byName(await replica.series(`{${counters}}`))
  const ours = NAMES.map((name) => [name, all.get(name) ?? []] as const)
  // One name at a time: resets() drops the name.
  const resets = await Promise.all(NAMES.map((name) => replica.query(`resets(${name}[1d])`)))
  const up = (await replica.series('up')).flatMap(({ samples }) =>
    samples.map(([, value]) => value),
  )
  const growths = ours.map(([name, series]) => [name, growthOfAll(series)] as const)
  return {
    replica: replica.name,
    counted: Object.fromEntries(
      growths.map(([name, { increase }]) => [name, increase]),
    ) as Account['counted'],
    lateWitnesses: growths.filter(([, { first }]) => first !== 0).map(([name]) => name),
    resets: resetsByName(all, await replica.help()),
    prometheusResets: resets.flat().reduce((sum, value) => sum + value, 0),
    scrapes: {
      good: up.filter((value) => value === 1).length,
      failed: up.filter((value) => value === 0).length,
    },
  }
}

function resetsByName(
  all: ReadonlyMap<string, readonly Series[]>,
  help: ReadonlyMap<string, string>,
): Record<string, number> {
  const resets: Record<string, number> = {}
  for (const [name, series] of all) {
    if (help.get(name)?.endsWith('Since process start.')) continue
    // Several series of a family fall at the same moment: that is one reset.
    const most = Math.max(...series.map((one) => growthOf(one).resets))
    if (most > 0) resets[name] = most
  }
  return resets
}

function byName(all: readonly Series[]): Map<string, Series[]> {
  const groups = new Map<string, Series[]>()
  for (const series of all) {
    const name = series.labels.__name__ ?? ''
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [series])
    else group.push(series)
  }
  return groups
}

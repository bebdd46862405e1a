/** Which label of a family is compared value by value; the others are summed up. */
const COMPARED: Readonly<Record<string, string | undefined>> = {
  quic_packets_sent_total: 'packet_type',
  quic_packets_received_total: 'packet_type',
  quic_sent_bytes_total: undefined,
  quic_received_bytes_total: undefined,
  quic_packets_lost_total: undefined,
  quic_mtu_probes_lost_total: undefined,
  quic_path_challenges_sent_total: undefined,
  quic_path_challenges_received_total: undefined,
  quic_path_responses_sent_total: undefined,
  quic_path_responses_received_total: undefined,
  quic_congestion_state_transitions_total: 'state',
  quic_connections_total: undefined,
  quic_connections_closed_total: undefined,
  quic_exporter_records_total: undefined,
  quic_exporter_events_total: 'event',
}

const SAMPLE = /^([a-z_0-9]+)(?:\{(.*)\})? (\S+)$/

/**
 * The counts on a page that every program of the benchmark must agree on; zeros are left out. Lost
 * path-MTU probes count as lost packets, and connections that only expired do not count as closed:
 * the baselines know neither.
 */
export function comparableCounts(page: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of page.split('\n')) {
    const [, family = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
    if (!Object.hasOwn(COMPARED, family) || labels.includes('reason="expired"')) continue
    const name = family === 'quic_mtu_probes_lost_total' ? 'quic_packets_lost_total' : family
    const label = COMPARED[family]
    const labelValue = label === undefined ? '' : (labels.match(`${label}="([^"]*)"`)?.[1] ?? '')
    const key = label === undefined ? name : `${name}{${labelValue}}`
    const total = (counts.get(key) ?? 0) + Number(value)
    if (total !== 0) counts.set(key, total)
  }
  return counts
}

/** One line for each count in which two programs differ. */
export function differences(
  first: ReadonlyMap<string, number>,
  second: ReadonlyMap<string, number>,
): readonly string[] {
  const keys = new Set([...first.keys(), ...second.keys()])
  return [...keys]
    .filter((key) => first.get(key) !== second.get(key))
    .map((key) => `${key}: ${first.get(key) ?? 0} and ${second.get(key) ?? 0}`)
}

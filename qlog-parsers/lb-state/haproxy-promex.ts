/** HAProxy's own Prometheus page (promex); QUIC is on it only with `?extra-counters` (HAProxy ≥ 3.0). */
import { type ExpositionSample, parseExposition } from './exposition.ts'
import { type HaproxyState, QUIC_NAMES, QuicSums, serverState } from './haproxy-state.ts'

const PREFIX = 'haproxy_frontend_'
const FAMILIES: ReadonlySet<string> = new Set(QUIC_NAMES.map((name) => PREFIX + name))
const START = 'haproxy_process_start_time_seconds'
const STATUS = 'haproxy_server_status'
const CHECK = 'haproxy_server_check_status'
const WANTED: ReadonlySet<string> = new Set([...FAMILIES, START, STATUS, CHECK])

/** `schema` if it is no page of HAProxy's, or was cut. */
export function parsePromex(text: string): HaproxyState | 'schema' {
  const samples = parseExposition(text, (name) => WANTED.has(name))
  if (samples === undefined || !samples.some(({ name }) => name.startsWith('haproxy_'))) {
    return 'schema'
  }
  const quic = new QuicSums()
  let run: string | undefined
  const status = new Map<string, string>()
  const checked = new Set<string>()
  for (const sample of samples) {
    const { name, value } = sample
    if (name === START) run = value.slice(0, 24)
    else if (name === CHECK) checked.add(serverName(sample))
    else if (name !== STATUS) quic.add(name.slice(PREFIX.length), value)
    else if (value === '1') status.set(serverName(sample), sample.labels.get('state') ?? '')
  }
  const servers = [...status].flatMap(
    ([name, word]) => serverState(name, word, checked.has(name)) ?? [],
  )
  const rejectedValues = quic.rejected + (status.size - servers.length)
  return { form: 'promex', run, servers, quic: quic.sums, rejectedValues }
}

function serverName({ labels }: ExpositionSample): string {
  return `${labels.get('proxy') ?? ''}/${labels.get('server') ?? ''}`
}

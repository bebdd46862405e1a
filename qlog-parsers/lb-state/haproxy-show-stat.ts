/** HAProxy's runtime socket: what it answers to `show info;show stat`, or to `show stat` alone. */
import { parseCsv } from './csv.ts'
import { type HaproxyState, QUIC_NAMES, QuicSums, serverState } from './haproxy-state.ts'

const HEAD = '# pxname,svname,'

/** Whether text looks like an answer of the runtime socket. */
export function isShowStat(text: string): boolean {
  return text.startsWith('Name: ') || text.startsWith(HEAD)
}

/** `truncated` if the answer was cut, `schema` if it is no such answer. */
export function parseShowStat(text: string): HaproxyState | 'truncated' | 'schema' {
  const start = text.startsWith(HEAD) ? 0 : text.indexOf(`\n${HEAD}`) + 1
  if (start === 0 && !text.startsWith(HEAD)) return text.includes(HEAD) ? 'schema' : 'truncated'
  // An answer ends with an empty line.
  if (!text.endsWith('\n\n')) return 'truncated'
  const rows = parseCsv(text.slice(start + 2).trimEnd())
  const [names, ...lines] = rows ?? []
  if (names === undefined || lines.some((line) => line.length !== names.length)) return 'schema'
  const columns = new Map(names.map((name, index) => [name, index]))
  if (!['pxname', 'svname', 'status', 'type', 'check_status'].every((one) => columns.has(one))) {
    return 'schema'
  }
  const quic = new QuicSums()
  const servers = []
  let unknown = 0
  for (const line of lines) {
    const value = (name: string) => line[columns.get(name) ?? -1] ?? ''
    if (value('type') === '0') addQuic(quic, value)
    if (value('type') !== '2') continue
    const status = value('status')
    const hasCheck = status !== 'no check' && (value('check_status') !== '' || status !== 'DRAIN')
    const server = serverState(`${value('pxname')}/${value('svname')}`, status, hasCheck)
    if (server === undefined) unknown += 1
    else servers.push({ ...server, address: value('addr') })
  }
  return {
    form: 'show_stat',
    run: runOf(text.slice(0, start)),
    servers,
    quic: quic.sums,
    rejectedValues: unknown + quic.rejected,
  }
}

function addQuic(quic: QuicSums, value: (name: string) => string): void {
  for (const counter of QUIC_NAMES) {
    const written = value(counter)
    if (written !== '') quic.add(counter, written)
  }
}

/** Its number and start time tell a process from those before it. */
function runOf(info: string): string | undefined {
  const pid = /^Pid: (\d{1,10})$/m.exec(info)?.[1]
  if (pid === undefined) return undefined
  return `${pid}/${/^Start_time_sec: (\d{1,12})$/m.exec(info)?.[1] ?? ''}`
}

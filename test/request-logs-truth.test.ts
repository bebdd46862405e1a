/** Request logs of real proxies against a simple count of the same lines that shares no code with us. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { replayPage } from '../scripts/snap/goldens.ts'
import { FIXTURES } from './support/fixtures.ts'
import { parsePage } from './support/page.ts'

type Line = Readonly<Record<string, string | number | { proto: string }>>

/** What a proxy calls the things that are counted. */
interface Spelling {
  readonly protocol: (line: Line) => unknown
  readonly status: string
  readonly bytes: string
  /** One request in so many µs. */
  readonly durationUs: (line: Line) => number
}

const NAMES: Readonly<Record<string, string>> = {
  'HTTP/1.1': 'http/1.1',
  'HTTP/2.0': 'h2',
  'HTTP/3.0': 'h3',
}
const SPELLINGS: Readonly<Record<string, Spelling>> = {
  caddy: {
    protocol: (line) => (line.request as { proto: string }).proto,
    status: 'status',
    bytes: 'size',
    durationUs: (line) => Math.round(Number(line.duration) * 1e6),
  },
  'nginx-json': {
    protocol: (line) => line.proto,
    status: 'status',
    bytes: 'bytes_sent',
    durationUs: (line) => Math.round(Number(line.request_time) * 1e6),
  },
  haproxy: {
    protocol: (line) => line.http,
    status: 'ST',
    bytes: 'B',
    durationUs: (line) => Number(line.Ta) * 1000,
  },
}

const RECORDINGS = [
  'caddy/lb',
  'caddy/upstreams',
  'nginx-json/lb',
  'nginx-json/tries',
  'haproxy/lb',
  'haproxy/states',
  'haproxy/lost',
  'haproxy/rebound',
]

function linesOf(recording: string, status: string): Line[] {
  const text = readFileSync(join(FIXTURES, `${recording}.log`), 'utf8')
  return text.split('\n').flatMap((written) => {
    const line = written.replace(/^\0+/, '')
    const record: Line = line.startsWith('{') ? JSON.parse(line) : {}
    return status in record && 'msg' in record === 'request' in record ? [record] : []
  })
}

for (const recording of RECORDINGS) {
  const [dialect = ''] = recording.split('/')
  const { protocol, status, bytes, durationUs } = SPELLINGS[dialect] as Spelling
  const file = join(FIXTURES, `${recording}.log`)
  const config = join(FIXTURES, dialect, 'config.yml')

  t.test(`${recording}: as many as a simple count finds`, async (t) => {
    const page = parsePage(await replayPage('--config.file', config, '--source', 'lb', file))
    const requests: Record<string, number> = {}
    const sizes: Record<string, number> = {}
    const times: Record<string, number> = {}
    const add = (sums: Record<string, number>, key: string, amount: number) => {
      if (amount > 0) sums[key] = (sums[key] ?? 0) + amount
    }
    for (const line of linesOf(recording, status)) {
      const name = NAMES[String(protocol(line))] ?? 'other'
      const digit = String(line[status]).padStart(3, '0')[0]
      add(requests, `${name} ${digit === '0' ? 'other' : `${digit}xx`}`, 1)
      add(sizes, name, Number(line[bytes]))
      add(times, name, durationUs(line))
    }
    t.not(Object.keys(requests).length, 0)
    t.same(counts(page, 'quic_lb_requests_total', 'protocol', 'code'), requests)
    t.same(counts(page, 'quic_lb_response_bytes_total', 'protocol'), sizes)
    const family = page.get('quic_lb_request_duration_seconds')
    const sums = family?.samples.filter(({ name }) => name.endsWith('_sum')) ?? []
    for (const { labels, value } of sums) {
      t.equal(Math.round(value * 1e6), times[labels.protocol ?? ''] ?? 0, 'time, µs')
    }
    t.same(counts(page, 'quic_exporter_records_failed_total', 'reason'), {})
    t.same(counts(page, 'quic_exporter_values_rejected_total'), {})
    t.same(counts(page, 'quic_exporter_events_unknown_total'), {})
    t.same(
      counts(page, 'quic_lb_backend_requests_total', 'backend').other,
      recording === 'haproxy/states' ? 3 : undefined,
      'every backend is known by its alias but the one that is not configured',
    )
  })
}

/** Samples above 0 by the values of these labels. */
function counts(page: ReturnType<typeof parsePage>, name: string, ...labels: string[]) {
  const sums: Record<string, number> = {}
  for (const sample of page.get(name)?.samples ?? []) {
    const key = labels.map((label) => sample.labels[label]).join(' ')
    if (sample.value > 0) sums[key] = (sums[key] ?? 0) + sample.value
  }
  return sums
}

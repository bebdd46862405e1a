/** Envoy, Traefik and mapped logs: read as their documentation says, with what ours says of them. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../exporter/config/load.ts'
import { wallClockUs } from '../qlog-parsers/decoding/wall-clock.ts'
import { MAPPED_FIELDS } from '../qlog-parsers/index.ts'
import { replayPage } from '../scripts/snap/goldens.ts'
import { nonZero, type Page, parsePage, total } from './support/page.ts'

/** The page of these records, read as the first source of a document says. */
async function read(t: Test, proxy: string, records: readonly unknown[]): Promise<Page> {
  const [yaml = ''] = sourceBlocks(proxy)
  const root = t.testdir({ 'config.yml': yaml })
  const file = join(root, 'x.log')
  writeFileSync(file, records.map((one) => `${JSON.stringify(one)}\n`).join(''))
  const config = join(root, 'config.yml')
  const { config: loaded } = loadConfig({ file: config, flags: {}, env: {}, readFile: () => yaml })
  const [source] = loaded?.sources ?? []
  t.ok(source, `the source entry of ${proxy}.md is good`)
  return parsePage(await replayPage('--config.file', config, '--source', source?.name ?? '', file))
}

const doc = (proxy: string) =>
  readFileSync(new URL(`../docs/proxies/${proxy}.md`, import.meta.url), 'utf8')
const sourceBlocks = (proxy: string) =>
  [...doc(proxy).matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, text = '']) =>
    text.includes('sources:') ? [text] : [],
  )

/** A record with every key of the proxy's own configuration in our document. */
function documented(proxy: 'envoy' | 'traefik', values: Readonly<Record<string, unknown>>): object {
  const keys =
    proxy === 'envoy'
      ? [...doc(proxy).matchAll(/^ {10}([a-z_]+): '%/gm)]
      : [...doc(proxy).matchAll(/^ {6}([A-Z][A-Za-z]+): keep$/gm)]
  const known = keys.map(([, key = '']) => key)
  t.ok(known.length > 10, `${proxy}: ${known.length} keys`)
  for (const key of Object.keys(values)) t.ok(known.includes(key), `${proxy}.md has ${key}`)
  return Object.fromEntries(known.map((key) => [key, values[key] ?? null]))
}

const ENVOY = {
  start_time: '2026-03-04T10:00:00.123Z',
  protocol: 'HTTP/3',
  method: 'GET',
  response_code: 200,
  response_code_details: 'via_upstream',
  response_flags: '-',
  bytes_sent: 1000,
  duration: 12,
  request_tx_duration: 2,
  response_duration: 10,
  upstream_host: '10.0.0.1:8080',
  upstream_cluster: 'app_cluster',
  upstream_request_attempt_count: 1,
}

t.test('Envoy: the keys of the documented format give what the document says', async (t) => {
  const page = await read(t, 'envoy', [documented('envoy', ENVOY)])
  t.equal(total(page, 'quic_lb_requests_total', { protocol: 'h3', code: '2xx' }), 1)
  t.equal(total(page, 'quic_lb_backend_requests_total', { backend: 'app-1', code: '2xx' }), 1)
  t.equal(total(page, 'quic_lb_backend_response_duration_seconds_sum', { backend: 'app-1' }), 0.008)
  t.equal(total(page, 'quic_lb_request_duration_seconds_sum'), 0.012)
  t.equal(total(page, 'quic_lb_retries_total'), 0)
  t.equal(total(page, 'quic_lb_circuit_breaker_rejections_total'), 0)
})

t.test('Envoy: keys that an operator leaves out are absent, not zero', async (t) => {
  const { protocol, response_code } = ENVOY
  const page = await read(t, 'envoy', [{ protocol, response_code }])
  t.equal(total(page, 'quic_lb_requests_total'), 1)
  t.same(
    [...page.keys()].filter((name) => name.startsWith('quic_lb_')),
    ['quic_lb_requests_total'],
  )
})

t.test('Envoy: the flags of a response', async (t) => {
  const flags = (response_flags: string, more = {}) => ({ ...ENVOY, response_flags, ...more })
  const page = await read(t, 'envoy', [
    flags('UH', { upstream_host: null, response_code: 503 }),
    flags('UO', { upstream_host: '-', response_code: 503 }),
    flags('DC', { response_code: 0 }),
    flags('UF,URX', { response_code: 503, upstream_request_attempt_count: '3' }),
    flags('UC', { response_code: 503, response_code_details: undefined }),
    flags('UT', { response_code: 504, response_code_details: 'response_timeout' }),
  ])
  t.equal(total(page, 'quic_lb_requests_without_backend_total'), 1)
  t.same(nonZero(page, 'quic_lb_circuit_breaker_rejections_total'), { app: 1 })
  // What Envoy answers in full in place of the host is not cut short.
  t.same(nonZero(page, 'quic_lb_requests_aborted_total'), { 'h3 client': 1 })
  t.equal(total(page, 'quic_lb_retries_total'), 2)
  // Of DC and UF the details still say via_upstream here; UC and UT are Envoy's own answers.
  t.same(nonZero(page, 'quic_lb_backend_requests_total'), { 'app-1 5xx': 1, 'app-1 other': 3 })
})

t.test(
  'Envoy: a response that was broken off, by whom, and what the host had answered',
  async (t) => {
    const broken = (response_flags: string, details: string | undefined, response_code = 200) => ({
      ...ENVOY,
      response_flags,
      response_code_details: details,
      response_code,
    })
    const late = 'upstream_reset_after_response_started{connection_termination}'
    const page = await read(t, 'envoy', [
      broken('UC', late),
      broken('UR', late, 503),
      broken('DT', 'duration_timeout'),
      broken('SI', undefined),
      broken('UR', 'upstream_reset_before_response_started{remote_reset}', 503),
      broken('DC', 'downstream_remote_disconnect', 503),
    ])
    t.same(nonZero(page, 'quic_lb_requests_aborted_total'), {
      'h3 client': 1,
      'h3 proxy': 2,
      'h3 server': 2,
    })
    t.same(nonZero(page, 'quic_lb_backend_requests_total'), {
      'app-1 2xx': 1,
      'app-1 5xx': 1,
      'app-1 other': 4,
    })
  },
)

const TRAEFIK = {
  StartUTC: '2026-03-04T10:00:00.123456789Z',
  Duration: 12_345_678,
  RequestProtocol: 'HTTP/3.0',
  RequestMethod: 'GET',
  DownstreamStatus: 200,
  DownstreamContentSize: 10,
  OriginStatus: 200,
  OriginDuration: 11_000_499,
  ServiceAddr: '10.0.0.1:8080',
  ServiceURL: 'http://10.0.0.1:8080',
  RetryAttempts: 1,
}

t.test('Traefik: the fields of the documented log give what the document says', async (t) => {
  const page = await read(t, 'traefik', [documented('traefik', TRAEFIK)])
  t.equal(total(page, 'quic_lb_requests_total', { protocol: 'h3', code: '2xx' }), 1)
  t.equal(total(page, 'quic_lb_backend_requests_total', { backend: 'app-1', code: '2xx' }), 1)
  t.equal(total(page, 'quic_lb_backend_response_duration_seconds_sum'), 0.011)
  t.equal(total(page, 'quic_lb_request_duration_seconds_sum'), 0.012346)
  t.equal(total(page, 'quic_lb_retries_total'), 1)
  t.notOk(page.has('quic_lb_requests_without_backend_total'), 'it does not tell')
})

t.test('Traefik: the URL of a server as text, as an object, or not at all', async (t) => {
  const { ServiceAddr: _, ServiceURL: __, ...none } = TRAEFIK
  const page = await read(t, 'traefik', [
    { ...none, ServiceURL: 'http://10.0.0.1:8080/base' },
    { ...none, ServiceURL: { Scheme: 'http', Host: '10.0.0.2:8080', Path: '' } },
    { ...none, OriginStatus: 0, OriginDuration: 0, DownstreamStatus: 404 },
    { ...none, DownstreamStatus: 499, OriginStatus: 499 },
  ])
  t.same(nonZero(page, 'quic_lb_backend_requests_total'), { 'app-1 2xx': 1, 'app-2 2xx': 1 })
  t.same(nonZero(page, 'quic_lb_requests_aborted_total'), { 'h3 client': 1 })
})

t.test('mapped: the line of the document, with the mapping of the document', async (t) => {
  const [line = ''] = [...doc('mapped').matchAll(/^```json\n(.*?)^```$/gms)].map(([, text]) => text)
  const page = await read(t, 'mapped', [JSON.parse(line)])
  t.equal(total(page, 'quic_lb_requests_total', { protocol: 'h3', code: '2xx' }), 1)
  t.equal(total(page, 'quic_lb_requests_by_method_total', { method: 'GET' }), 1)
  t.equal(total(page, 'quic_lb_request_duration_seconds_sum'), 0.0125)
  t.equal(total(page, 'quic_lb_response_bytes_total'), 4096)
  t.equal(total(page, 'quic_lb_backend_requests_total', { backend: 'app-1', code: '2xx' }), 1)
  t.equal(total(page, 'quic_lb_backend_response_duration_seconds_sum'), 0.01)
  t.equal(total(page, 'quic_lb_retries_total'), 0)
  t.equal(total(page, 'quic_lb_client_rtt_seconds_sum'), 0.0245)
  for (const field of MAPPED_FIELDS) {
    const [name = ''] = /^(?:[a-z_]*(?:duration|rtt))(?=_)|.*/.exec(field) ?? []
    t.ok(doc('mapped').includes(`\`${name}`), field)
  }
})

/** The page of records under a mapping. */
async function mapped(t: Test, fields: object, ...records: string[]): Promise<Page> {
  const root = t.testdir({
    'x.log': records.map((one) => `${one}\n`).join(''),
    'c.yml': JSON.stringify({
      sources: [{ name: 'lb', paths: ['/x'], dialect: 'mapped', fields }],
    }),
  })
  const args = ['--config.file', join(root, 'c.yml'), '--source', 'lb', join(root, 'x.log')]
  return parsePage(await replayPage(...args))
}

t.test('mapped: a log without protocols or statuses has none at 0 either', async (t) => {
  const series = (page: Page) =>
    page.get('quic_lb_requests_total')?.samples.map(({ labels }) => [labels.protocol, labels.code])
  const neither = await mapped(t, { method: 'm' }, '{"m":"GET"}')
  t.same(series(neither), [['other', 'other']])
  const status = await mapped(t, { status: 'code' }, '{"code":204}')
  t.same(
    series(status)?.filter(([protocol]) => protocol !== 'other'),
    [],
  )
  t.equal(series(status)?.length, 6)
  const both = await mapped(t, { status: 'code', protocol: 'p' }, '{"code":204,"p":"h2"}')
  t.equal(series(both)?.length, 24)
})

t.test('mapped: only what is mapped is there', async (t) => {
  const page = await mapped(t, { status: 'code' }, '{"code":204,"took":5,"backend":"a"}')
  t.same(nonZero(page, 'quic_lb_requests_total'), { 'other 2xx': 1 })
  t.same(
    [...page.keys()].filter((name) => name.startsWith('quic_lb_')),
    ['quic_lb_requests_total'],
  )
  const timed = await mapped(
    t,
    { status: 's', duration_nanoseconds: 'ns' },
    '{"s":200,"ns":"1500499"}',
  )
  t.equal(total(timed, 'quic_lb_request_duration_seconds_sum'), 0.0015)
})

t.test('mapped: a path is followed through own keys only', async (t) => {
  for (const path of ['__proto__.x', 'constructor.name', 'toString', 'a.__proto__.b', 'a.length']) {
    const page = await mapped(t, { protocol: path, method: path }, '{"a":{"c":"h3"},"b":[]}', '{}')
    t.equal(total(page, 'quic_lb_requests_total'), 0, path)
    t.equal(total(page, 'quic_exporter_events_unknown_total'), 2, path)
  }
  const own = await mapped(t, { protocol: '__proto__.p' }, '{"__proto__":{"p":"h2"}}')
  t.same(
    nonZero(own, 'quic_lb_requests_total'),
    { 'h2 other': 1 },
    "a key of that name is the record's own",
  )
  t.equal(Object.hasOwn(Object.prototype, 'p'), false)
})

t.test('times as logs write them', async (t) => {
  const at = Date.UTC(2026, 2, 4, 10, 0, 0) * 1000
  const same = {
    '2026-03-04T10:00:00Z': at,
    '2026-03-04T10:00:00.5Z': at + 500_000,
    '2026-03-04 11:00:00,123456+01:00': at + 123_456,
    '2026-03-04T04:30:00.000000999-0530': at + 1,
    '1772618400': at,
    '1772618400.25': at + 250_000,
    '1772618400250': at + 250_000,
    '1772618400250001': at + 250_001,
    '1772618400250001000': at + 250_001,
  }
  for (const [text, us] of Object.entries(same)) t.equal(wallClockUs(text), us, text)
  t.equal(wallClockUs(1_772_618_400.25), at + 250_000)
  const none = [
    '',
    'now',
    '2026-13-04T10:00:00Z',
    '2026-03-04T24:00:00Z',
    '2026-03-04T10:00:00',
    '-1',
  ]
  for (const text of [...none, '1e30', null, true, {}, [], '1960-01-01T00:00:00Z', Number.NaN]) {
    t.equal(wallClockUs(text), undefined, String(text))
  }
})

import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { createLogger } from '../exporter/logging.ts'
import { acceptsGzip } from '../exporter/web/accept-encoding.ts'
import { renderLandingPage } from '../exporter/web/landing-page.ts'
import { scrapeBudgetMs } from '../exporter/web/scrape-budget.ts'
import { createServer, type ServerOptions } from '../exporter/web/server.ts'

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const PAGE = '# HELP up A metric.\n# TYPE up gauge\nup{source="ü"} 1\n'

const serve = (options: Partial<ServerOptions> = {}) => {
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  const app = createServer({
    page: async () => PAGE,
    contentType: CONTENT_TYPE,
    ready: () => true,
    telemetryPath: '/metrics',
    version: '1.2.3',
    sources: () => [
      { name: 'edge', dialects: ['quic-go'], files: 1284, state: { level: 'good', text: 'up' } },
    ],
    log: createLogger({ level: 'debug', format: 'logfmt', stream }),
    ...options,
  })
  t.teardown(() => app.close())
  return { app, lines }
}

t.test('the metrics page has its content type and is whole', async (t) => {
  const { app, lines } = serve()
  const answer = await app.inject('/metrics?collect[]=a')
  t.equal(answer.statusCode, 200)
  t.equal(answer.body, PAGE)
  t.equal(answer.headers['content-type'], CONTENT_TYPE)
  t.equal(answer.headers['content-length'], String(Buffer.byteLength(PAGE)))
  t.equal(answer.headers['content-encoding'], undefined)
  t.equal(answer.headers.vary, 'Accept-Encoding')
  t.same(lines, [], 'a scrape is not logged')
})

t.test('gzip gives the same bytes back', async (t) => {
  const { app } = serve()
  const headers = { 'accept-encoding': 'deflate, gzip;q=0.9' }
  const answer = await app.inject({ url: '/metrics', headers })
  t.equal(answer.headers['content-encoding'], 'gzip')
  t.equal(answer.headers['content-type'], CONTENT_TYPE)
  t.equal(answer.headers['content-length'], String(answer.rawPayload.length))
  t.equal(answer.headers.vary, 'Accept-Encoding')
  t.equal(gunzipSync(answer.rawPayload).toString(), PAGE)
})

t.test('HEAD has the headers of GET and no body', async (t) => {
  const { app } = serve()
  for (const url of ['/', '/metrics', '/-/healthy', '/-/ready', '/missing']) {
    for (const encoding of ['gzip', 'identity']) {
      const headers = { 'accept-encoding': encoding }
      const get = await app.inject({ url, headers })
      const head = await app.inject({ url, headers, method: 'HEAD' })
      const { date: _getDate, ...expected } = get.headers
      const { date: _headDate, ...seen } = head.headers
      t.equal(head.statusCode, get.statusCode)
      t.same(seen, expected, `${url} ${encoding}`)
      t.equal(head.body, '')
    }
  }
})

t.test('other methods are refused before their body is looked at', async (t) => {
  const { app } = serve()
  const methods = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'] as const
  for (const method of methods) {
    const request = { method, payload: '{', headers: { 'content-type': 'application/json' } }
    for (const url of ['/', '/metrics?a=b', '/-/healthy', '/-/ready']) {
      const answer = await app.inject({ ...request, url } as never)
      t.equal(answer.statusCode, 405, `${method} ${url}`)
      t.equal(answer.headers.allow, 'GET, HEAD')
      t.match(answer.headers['content-type'], /^text\/plain/)
    }
    const missing = await app.inject({ ...request, url: '/-/quit' } as never)
    t.equal(missing.statusCode, 404, `${method} /-/quit`)
  }
})

t.test('no answer repeats what the client sent', async (t) => {
  const { app } = serve()
  for (const url of [
    '/<script>x',
    '/%ff',
    '/metrics/',
    '/__proto__',
    '/constructor',
    '//',
    '/-/',
  ]) {
    const answer = await app.inject(url)
    t.match(String(answer.statusCode), /^40[04]$/, url)
    t.match(answer.headers['content-type'], /^text\/plain/)
    t.match(answer.body, /^(Not Found|Bad Request)\n$/)
    t.equal(answer.headers.allow, undefined)
  }
})

t.test('a page that fails is a plain 500, logged once, and the next one is served', async (t) => {
  let now = 0
  let broken = true
  const { app, lines } = serve({
    now: () => now,
    page: async () => {
      if (broken) throw new Error('no\nslots')
      return PAGE
    },
  })
  const [first, second] = await Promise.all([app.inject('/metrics'), app.inject('/metrics')])
  for (const answer of [first, second]) {
    t.equal(answer.statusCode, 500)
    t.match(answer.headers['content-type'], /^text\/plain/)
    t.equal(answer.headers['content-encoding'], undefined)
    t.equal(answer.body, 'the metrics page cannot be rendered\n')
  }
  t.equal(lines.length, 1)
  t.match(lines[0], /level=error .* error="Error: no\\nslots" error_at=/)
  broken = false
  now = 1000
  t.equal((await app.inject('/metrics')).body, PAGE)
})

t.test('scrapes within a second share one rendering', async (t) => {
  let now = 5
  let rendered = 0
  const { app } = serve({ now: () => now, page: async () => `rendering ${++rendered}\n` })
  const scrape = async () => (await app.inject('/metrics')).body
  t.equal(await scrape(), 'rendering 1\n')
  now = 1004
  t.equal(await scrape(), 'rendering 1\n')
  now = 1005
  t.equal(await scrape(), 'rendering 2\n')
  t.equal(await scrape(), 'rendering 2\n')
})

t.test('concurrent scrapes wait for one rendering, however long it takes', async (t) => {
  let now = 0
  let rendered = 0
  let finish: (page: string) => void = () => {}
  const { app } = serve({
    now: () => now,
    page: () => {
      rendered++
      return new Promise((resolve) => {
        finish = resolve
      })
    },
  })
  const encodings = ['identity', 'gzip', 'gzip', 'identity']
  const early = encodings.map((encoding) =>
    app.inject({ url: '/metrics', headers: { 'accept-encoding': encoding } }),
  )
  await app.inject('/-/healthy')
  now = 60_000
  const late = app.inject('/metrics')
  await app.inject('/-/healthy')
  finish(PAGE)
  const answers = await Promise.all([...early, late])
  t.same(
    answers.map(({ statusCode }) => statusCode),
    [200, 200, 200, 200, 200],
  )
  t.equal(rendered, 1)
})

t.test('the scrape timeout leaves half a second for the way back', async (t) => {
  const budgets: [string | undefined, number][] = [
    ['10', 9_500],
    ['1.5', 1_000],
    ['0.6', 300],
    ['1e9', 24_500],
    [undefined, 9_500],
    ['', 9_500],
    ['-1', 9_500],
    ['NaN', 9_500],
    ['x', 9_500],
  ]
  for (const [header, expected] of budgets)
    t.equal(scrapeBudgetMs(header), expected, String(header))
})

t.test('Accept-Encoding weights decide about gzip', async (t) => {
  const cases: [string | undefined, boolean][] = [
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['br, gzip ; q=0.001', true],
    ['gzip;q=0', false],
    ['gzip;q=0.000, *', false],
    ['*', true],
    ['*;q=0', false],
    ['identity', false],
    ['identity;q=0.5, gzip;q=1.0', true],
    ['identity;q=1, gzip;q=0.5', false],
    ['identity;q=0', false],
    ['gzip;q=2', false],
    ['gzip;q=', false],
    ['gzip;level=9', false],
    ['gzipped', false],
  ]
  for (const [header, expected] of cases) t.equal(acceptsGzip(header), expected, String(header))
})

t.test('health is always 200, readiness follows', async (t) => {
  let ready = false
  const { app } = serve({ ready: () => ready, page: () => new Promise(() => {}) })
  t.equal((await app.inject('/-/healthy')).statusCode, 200)
  const early = await app.inject('/-/ready')
  t.equal(early.statusCode, 503)
  t.equal(early.body, 'not ready: catching up with what was written before the start\n')
  t.equal(early.headers['retry-after'], '1')
  ready = true
  const answer = await app.inject('/-/ready')
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['cache-control'], 'no-store')
})

t.test('the landing page names version, links and sources, and may load nothing', async (t) => {
  const { app } = serve({ telemetryPath: '/m"<e>trics', version: '<1>' })
  const { headers, body } = await app.inject('/')
  const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  t.equal(
    headers['content-security-policy'],
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  )
  t.equal(headers['x-content-type-options'], 'nosniff')
  t.equal(headers['content-type'], 'text/html; charset=utf-8')
  t.match(body, '&lt;1&gt;')
  t.match(body, 'href="./m&quot;&lt;e&gt;trics"')
  t.match(body, 'href="./-/healthy"')
  t.match(body, 'href="./-/ready"')
  t.match(body, '<th scope="row">edge</th>')
  t.match(body, '<td class="number">1,284</td>')
  t.notMatch(body, /<script|https?:|url\(|@import/)
})

t.test('a green badge is not shown while a source gives nothing', async (t) => {
  const badge = async (...states: readonly (readonly [string, string])[]) => {
    const sources = states.map(([level, text], index) => ({
      ...{ name: `s${index}`, dialects: [], files: 0 },
      state: { level: level as 'good', text },
    }))
    const { app } = serve({ sources: () => sources })
    const { body } = await app.inject('/')
    for (const [level, text] of states) t.match(body, `<td class="${level}">${text}</td>`)
    return /<span class="state[^<]*<\/span>/.exec(body)?.[0]
  }
  const good = ['good', 'up'] as const
  const gone = ['down', 'down: timeout'] as const
  const unread = ['trouble', 'not all read: permission'] as const
  const waiting = ['waiting', 'not asked yet'] as const
  t.equal(await badge(good, waiting), '<span class="state ready">ready</span>')
  t.equal(await badge(good, gone), '<span class="state">ready, 1 source down</span>')
  t.equal(
    await badge(gone, gone, unread),
    '<span class="state">ready, 2 sources down, 1 source in trouble</span>',
  )
})

t.test('of what is probed the page names what fails, and no more than twenty of it', async (t) => {
  const probes = {
    ...{ backends: 30, up: 1, down: 25, targets: 2 },
    downBackends: Array.from({ length: 25 }, (_, i) => ({
      name: `b${i}`,
      reason: i === 0 ? undefined : 'refused',
    })),
    fronts: [
      {
        name: 'front',
        rungs: [
          { rung: 'version_negotiation', last: '' },
          { rung: 'initial', last: 'timeout' },
        ],
      },
      { name: 'new', rungs: [{ rung: 'initial', last: undefined }] },
    ],
  }
  const { app } = serve({ probes: () => probes })
  const { body } = await app.inject('/')
  const rows = [...body.matchAll(/<tr><th scope="row">(.*?)<\/th>(.*?)<\/tr>/g)]
    .map(([, name, rest = '']) => `${name} ${rest.replace(/<[^>]+>/g, '|').replace(/\|+/g, '|')}`)
    .slice(1)
  t.same(rows.slice(0, 3), [
    'Backends |1 up, 25 down, 4 not known yet|',
    'b0 |down: known from before the start|',
    'b1 |down: refused|',
  ])
  t.same(rows.slice(20), [
    'b19 |down: refused|',
    ' |and 5 more|',
    'Front doors |2|',
    'front |version_negotiation: answers|initial: timeout|',
    'new |initial: not asked yet|',
  ])
})

t.test('no name of a source can add markup to the landing page', async (t) => {
  const render = (name: string) =>
    renderLandingPage({
      version: name,
      telemetryPath: `/${name}`,
      ready: true,
      sources: [{ name, dialects: [name], files: 1, state: { level: 'down', text: name } }],
      probes: {
        ...{ backends: 3, up: 1, down: 1, targets: 1 },
        downBackends: [{ name, reason: name }],
        fronts: [{ name, rungs: [{ rung: name, last: `${name}x` }] }],
      },
    })
  const skeleton = (html: string) => html.replace(/[^<>"']|&[\w#]+;/g, '')
  const expected = skeleton(render('edge'))
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.constantFrom('<b>', '"x"', "'", '&lt;', '</style>', '-->')),
      (name) => skeleton(render(name)) === expected,
    ),
  )
  t.pass()
})

t.test('a page without sources says how to name one', async (t) => {
  const { app } = serve({ sources: () => [], ready: () => false })
  const { body } = await app.inject('/')
  t.match(body, '--qlog-dir DIR')
  t.match(body, '<span class="state">not ready</span>')
})

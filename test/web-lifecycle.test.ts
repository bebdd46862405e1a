/** A server whose page is closed, whose configuration is read again, that waits for a scrape. */
import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createLogger } from '../exporter/logging.ts'
import { listen } from '../exporter/web/listen.ts'
import { createServer, type Reload, type ServerOptions } from '../exporter/web/server.ts'
import { until } from './support/until.ts'

const PAGE = 'up 1\n'
const PATIENCE = { withinMs: 5_000, everyMs: 5 }

const start = async (t: Test, options: Partial<ServerOptions> = {}) => {
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  const log = createLogger({ level: 'debug', format: 'logfmt', stream })
  const app = createServer({
    page: async () => PAGE,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    ready: () => true,
    telemetryPath: '/metrics',
    version: '0',
    sources: () => [],
    log,
    ...options,
  })
  const listening = await listen(app, [{ host: '127.0.0.1', port: 0 }], { log })
  if (listening.type === 'failed') throw new Error(listening.message)
  t.teardown(listening.close)
  const url = new URL(listening.urls[0] ?? '')
  const dial = () => {
    const socket = connect(Number(url.port), '127.0.0.1').on('error', () => {})
    t.teardown(() => socket.destroy())
    return socket
  }
  const ask = async (path: string, init?: RequestInit) => {
    const answer = await fetch(new URL(path, url), init)
    const { status, headers } = answer
    return { status, headers, text: await answer.text() }
  }
  return { ask, dial, lines }
}

t.test('while the gate is closed a scrape is told why, and nothing is rendered', async (t) => {
  let reason: string | undefined = 'catching up: 12 bytes of qlog are not read yet'
  let rendered = 0
  let scraped = 0
  const { ask, lines } = await start(t, {
    page: async () => `rendering ${++rendered}\n`,
    gate: () => reason,
    ready: () => reason === undefined,
    onScraped: () => scraped++,
  })
  for (const init of [{}, { headers: { 'accept-encoding': 'identity' } }]) {
    const { status, headers, text } = await ask('metrics', init)
    t.equal(status, 503)
    t.equal(text, `${reason}\n`)
    t.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
    t.equal(headers.get('content-encoding'), null)
    t.equal(headers.get('cache-control'), 'no-store')
    t.equal(headers.get('retry-after'), '1')
  }
  const head = await ask('metrics', { method: 'HEAD' })
  t.equal(head.status, 503)
  t.equal(head.headers.get('retry-after'), '1')
  t.equal((await ask('-/ready')).status, 503)
  t.equal((await ask('-/healthy')).status, 200)
  t.match((await ask('')).text, '<span class="state">not ready</span>')
  t.same([rendered, scraped, lines], [0, 0, []])

  reason = undefined
  const open = await ask('metrics')
  t.equal(open.status, 200)
  t.equal(open.text, 'rendering 1\n')
  t.equal(open.headers.get('retry-after'), null)
  t.equal((await ask('-/ready')).status, 200)

  reason = 'closed again'
  t.equal((await ask('metrics')).text, 'closed again\n', 'not the page of a moment ago')
})

t.test('a page that fails behind an open gate is still a 500', async (t) => {
  const { ask } = await start(t, {
    gate: () => undefined,
    page: () => Promise.reject(new Error('no')),
  })
  t.equal((await ask('metrics')).status, 500)
})

t.test('reload is forbidden unless it is enabled', async (t) => {
  const { ask, lines } = await start(t)
  for (const method of ['POST', 'PUT']) {
    const { status, text, headers } = await ask('-/reload', { method, body: '{' })
    t.equal(status, 403)
    t.equal(text, 'lifecycle requests are not enabled\n')
    t.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
  }
  t.same(lines, [])
})

t.test('reload is for POST and PUT, whatever body they bring', async (t) => {
  let reloads = 0
  const { ask } = await start(t, {
    reload: async () => {
      reloads++
      return { ok: true }
    },
  })
  const json = { 'content-type': 'application/json' }
  for (const init of [
    { method: 'POST' },
    { method: 'PUT' },
    { method: 'POST', body: '{', headers: json },
    { method: 'PUT', body: 'x'.repeat(4 << 20), headers: { 'content-type': 'a/b' } },
  ]) {
    const { status, text, headers } = await ask('-/reload?now', init)
    t.equal(status, 200)
    t.equal(text, 'reloaded\n')
    t.equal(headers.get('cache-control'), 'no-store')
  }
  t.equal(reloads, 4)
  for (const method of ['GET', 'HEAD', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers } = await ask('-/reload', { method })
    t.equal(status, 405, method)
    t.equal(headers.get('allow'), 'POST, PUT')
  }
  for (const path of ['-/reload/', '-/reloa', '-/reload/x'])
    t.equal((await ask(path, { method: 'POST' })).status, 404, path)
  t.equal(reloads, 4, 'nothing else is a reload')
})

t.test('a reload is answered before its body has come, and the connection goes on', async (t) => {
  let finish: (outcome: Reload) => void = () => {}
  const { dial } = await start(t, {
    reload: () =>
      new Promise((resolve) => {
        finish = resolve
      }),
  })
  const socket = dial().setEncoding('utf8')
  let text = ''
  socket.on('data', (data) => {
    text += data
  })
  socket.write('POST /-/reload HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\n')
  await until(
    'an answer',
    () => {
      finish({ ok: true })
      return text.endsWith('reloaded\n')
    },
    PATIENCE,
  )
  socket.write('bodyGET /-/healthy HTTP/1.1\r\nHost: test\r\n\r\n')
  await until('the next answer', () => text.endsWith('healthy\n'), PATIENCE)
  t.equal(text.match(/^HTTP\/1\.1 200 OK\r$/gm)?.length, 2)
})

t.test('problems of a reload are its answer, one a line', async (t) => {
  const problems = ['c.yml:1:1 tail: must be a mapping', 'c.yml:2:1 wbe: unknown key']
  const { ask } = await start(t, { reload: async () => ({ ok: false, problems }) })
  const { status, text, headers } = await ask('-/reload', { method: 'POST' })
  t.equal(status, 400)
  t.equal(text, 'c.yml:1:1 tail: must be a mapping\nc.yml:2:1 wbe: unknown key\n')
  t.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
})

t.test('a reload that fails by a fault of ours is a 500 and a line in the log', async (t) => {
  const { ask, lines } = await start(t, { reload: () => Promise.reject(new Error('secret')) })
  const { status, text } = await ask('-/reload', { method: 'POST' })
  t.equal(status, 500)
  t.equal(text, 'Internal Server Error\n')
  t.equal(lines.length, 1)
})

t.test('an answered scrape is told with the time that its page is from', async (t) => {
  let now = 100
  const scrapes: number[] = []
  const { ask } = await start(t, {
    now: () => now,
    page: async () => {
      now += 7
      return PAGE
    },
    onScraped: (begunAt) => scrapes.push(begunAt),
  })
  await ask('metrics')
  await until('the first scrape', () => scrapes.length === 1, PATIENCE)
  t.same(scrapes, [100])
  now = 1099
  await ask('metrics', { headers: { 'accept-encoding': 'identity' } })
  await until('the second scrape', () => scrapes.length === 2, PATIENCE)
  t.same(scrapes, [100, 100], 'the page is shared: what happened since is not in it')
  now = 1100
  await ask('metrics')
  await until('the third scrape', () => scrapes.length === 3, PATIENCE)
  t.same(scrapes, [100, 100, 1100])
})

t.test('nothing but the whole page is a scrape', async (t) => {
  let scraped = 0
  let now = 0
  let page = async () => PAGE
  const { ask, dial } = await start(t, {
    now: () => now,
    page: () => page(),
    onScraped: () => scraped++,
  })
  await ask('metrics', { method: 'HEAD' })
  await ask('metrics', { method: 'POST' })
  for (const path of ['', '-/healthy', '-/ready', 'missing']) await ask(path)

  now = 10_000
  page = () => Promise.reject(new Error('no'))
  t.equal((await ask('metrics')).status, 500)

  now = 20_000
  let finish = () => {}
  page = () =>
    new Promise((resolve) => {
      finish = () => resolve(PAGE)
    })
  const headers = { 'x-prometheus-scrape-timeout-seconds': '0.02' }
  t.equal((await ask('metrics', { headers })).status, 503)
  finish()

  now = 30_000
  let asked = false
  page = () =>
    new Promise((resolve) => {
      asked = true
      finish = () => resolve(PAGE)
    })
  const gone = dial()
  gone.write('GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n')
  await until('the request', () => asked, PATIENCE)
  gone.destroy()
  await once(gone, 'close')
  await ask('-/healthy')
  finish()

  now = 40_000
  page = async () => 'x'.repeat(64 << 20)
  const stuck = dial()
  stuck.write('GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n')
  await once(stuck, 'readable')
  stuck.destroy()
  await once(stuck, 'close')
  await ask('-/healthy')
  t.equal(scraped, 0)

  now = 50_000
  page = async () => PAGE
  await ask('metrics')
  await until('the one scrape', () => scraped > 0, PATIENCE)
  t.equal(scraped, 1)
})

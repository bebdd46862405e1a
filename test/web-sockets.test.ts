import { connect, type Socket } from 'node:net'
import t from 'tap'
import { createLogger } from '../exporter/logging.ts'
import { type ListenOptions, listen } from '../exporter/web/listen.ts'
import { createServer, type ServerOptions } from '../exporter/web/server.ts'

const LOOPBACK = { host: '127.0.0.1', port: 0 }

const PAGE = 'up 1\n'
const log = createLogger({ level: 'error', format: 'logfmt', stream: { write: () => true } })

const create = (options: Partial<ServerOptions> = {}) =>
  createServer({
    page: async () => PAGE,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    ready: () => true,
    telemetryPath: '/metrics',
    version: '0',
    sources: () => [],
    log,
    ...options,
  })

const start = async (options: Partial<ServerOptions> = {}, limits: Partial<ListenOptions> = {}) => {
  const app = create(options)
  let requests = 0
  app.addHook('onRequest', async () => {
    requests++
  })
  const listening = await listen(app, [LOOPBACK], { log, ...limits })
  if (listening.type === 'failed') throw new Error(listening.message)
  const url = listening.urls[0] ?? ''
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await listening.close()
  })
  const dial = (text = '') => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const client = { socket, text: '', closed: false }
    sockets.push(socket)
    socket.setEncoding('utf8').on('data', (data) => {
      client.text += data
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      client.closed = true
    })
    socket.write(text)
    return client
  }
  return { url, dial, requests: () => requests, close: listening.close }
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: test\r\n${headers}\r\n`

const until = async (condition: () => boolean, withinMs = 5_000) => {
  const deadline = performance.now() + withinMs
  while (!condition() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return condition()
}

const deferredPage = () => {
  let finish = () => {}
  const rendered = new Promise<string>((resolve) => {
    finish = () => resolve(PAGE)
  })
  return { page: () => rendered, finish }
}

t.test('one connection serves scrape after scrape, HEAD and refusals', async (t) => {
  const { dial } = await start()
  const client = dial(get('/metrics'))
  t.ok(await until(() => client.text.endsWith(`\r\n\r\n${PAGE}`)))
  client.text = ''
  client.socket.write('HEAD /metrics HTTP/1.1\r\nHost: test\r\n\r\n')
  t.ok(await until(() => client.text.endsWith('\r\n\r\n')))
  t.match(client.text, /content-type: text\/plain; version=0\.0\.4; charset=utf-8\r\n/)
  t.match(client.text, `content-length: ${PAGE.length}\r\n`)
  client.text = ''
  client.socket.write('POST /metrics HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody')
  t.ok(await until(() => client.text.endsWith('\n')))
  t.match(client.text, /^HTTP\/1\.1 405 [\s\S]*\r\nallow: GET, HEAD\r\n/)
  client.text = ''
  client.socket.write(get('/-/healthy'))
  t.ok(await until(() => client.text.endsWith('\r\n\r\nhealthy\n')))
})

t.test('malformed and oversized requests end with a status and nothing of theirs', async (t) => {
  const { dial, url } = await start()
  const oversized = dial(get('/metrics', `X-Long: ${'a'.repeat(8 * 1024)}\r\n`))
  const malformed = dial('GET /metrics HTTP/1.1\r\nHost: test\r\nbad header\r\n\r\n')
  const noHost = dial('GET /<b> HTTP/1.1\r\n\r\n')
  t.ok(await until(() => oversized.closed && malformed.closed && noHost.closed))
  t.match(oversized.text, /^HTTP\/1\.1 431 /)
  t.match(malformed.text, /^HTTP\/1\.1 400 /)
  t.match(noHost.text, /^HTTP\/1\.1 400 /)
  t.notMatch(`${oversized.text}${malformed.text}${noHost.text}`, /aaa|bad header|<b>/)
  t.equal((await fetch(`${url}metrics`)).status, 200)
})

t.test('half a request is closed after the header timeout', async (t) => {
  const { dial } = await start()
  const silent = dial()
  const half = dial('GET /metrics HTTP/1.1\r\nHost: te')
  t.ok(await until(() => silent.closed && half.closed, 9_000))
  t.match(half.text, /^HTTP\/1\.1 408 /)
})

t.test('500 slow sockets do not lock out a scraper', async (t) => {
  const { dial, url } = await start()
  const keepAlive = dial(get('/metrics'))
  t.ok(await until(() => keepAlive.text.endsWith(PAGE)))
  const slow = Array.from({ length: 500 }, (_, n) =>
    dial(n % 2 ? get('/metrics').slice(0, n % 30) : ''),
  )
  t.ok(await until(() => slow.filter(({ closed }) => closed).length >= 244))
  for (let scrape = 0; scrape < 10; scrape++) {
    const answer = await fetch(`${url}metrics`, { headers: { connection: 'close' } })
    t.equal(await answer.text(), PAGE)
  }
  t.ok(slow.filter(({ closed }) => closed).length < 400, 'no more are closed than needed')
})

t.test('sockets that are being answered are the last to be closed', async (t) => {
  const { page, finish } = deferredPage()
  const { dial, requests } = await start({ page }, { maxSockets: 3 })
  const scraper = dial(get('/metrics'))
  t.ok(await until(() => requests() === 1))
  const slow = [dial('GET'), dial('GET')]
  const more = [dial('GET'), dial('GET')]
  t.ok(await until(() => slow.every(({ closed }) => closed)))
  t.notOk(scraper.closed)
  finish()
  t.ok(await until(() => scraper.text.endsWith(PAGE)))
  t.same(
    more.map(({ closed }) => closed),
    [false, false],
  )
})

t.test('when all are being answered, the oldest makes place', async (t) => {
  const { page, finish } = deferredPage()
  const { dial, requests } = await start({ page }, { maxSockets: 2 })
  const first = dial(get('/metrics'))
  t.ok(await until(() => requests() === 1))
  const second = dial(get('/metrics'))
  t.ok(await until(() => requests() === 2))
  const third = dial(get('/metrics'))
  t.ok(await until(() => first.closed))
  finish()
  t.ok(await until(() => second.text.endsWith(PAGE) && third.text.endsWith(PAGE)))
})

t.test('close ends idle, silent and half-read sockets at once', async (t) => {
  const { dial, close } = await start({}, { graceMs: 60_000 })
  const idle = dial(get('/metrics'))
  const silent = dial()
  const half = dial('GET /metrics HTTP/1.1\r\n')
  t.ok(await until(() => idle.text.endsWith(PAGE)))
  t.ok(await until(() => silent.socket.readyState === 'open' && half.socket.bytesWritten > 0))
  await close()
  t.ok(await until(() => idle.closed && silent.closed && half.closed))
})

t.test('an answer in flight ends within the grace, and ready is 503 meanwhile', async (t) => {
  const { page, finish } = deferredPage()
  const { dial, url, requests, close } = await start({ page }, { graceMs: 60_000 })
  const scraper = dial(get('/metrics'))
  t.ok(await until(() => requests() === 1))
  const closed = close()
  const refused = await fetch(`${url}-/healthy`).then(
    () => false,
    () => true,
  )
  t.ok(refused, 'nobody new is served')
  scraper.socket.write(get('/-/ready'))
  t.ok(await until(() => requests() === 2))
  finish()
  await closed
  t.ok(await until(() => scraper.closed))
  t.match(scraper.text, `\r\n\r\n${PAGE}HTTP/1.1 503 Service Unavailable\r\n`)
  t.match(scraper.text, '\r\n\r\nnot ready: stopping\n')
})

t.test('a page that never comes does not hold up the end', async (t) => {
  const { page } = deferredPage()
  const { dial, requests, close } = await start({ page }, { graceMs: 50 })
  const scraper = dial(get('/metrics'))
  t.ok(await until(() => requests() === 1))
  await close()
  t.ok(await until(() => scraper.closed))
})

t.test('a page that comes too late for the scraper is a 503', async (t) => {
  const { url } = await start({ page: () => new Promise(() => {}) })
  const headers = { 'x-prometheus-scrape-timeout-seconds': '0.02' }
  const answer = await fetch(`${url}metrics`, { headers })
  t.equal(answer.status, 503)
  t.match(answer.headers.get('content-type'), /^text\/plain/)
})

t.test('several addresses, each with the port it got', async (t) => {
  const listening = await listen(
    create(),
    [{ host: '', port: 0 }, LOOPBACK, { host: 'localhost', port: 0 }],
    { log },
  )
  if (listening.type === 'failed') throw new Error(listening.message)
  t.equal(listening.urls.length, 3)
  for (const url of listening.urls) {
    t.match(url, /^http:\/\/(localhost|127\.0\.0\.1):[1-9]\d*\/$/)
    t.equal(await (await fetch(`${url}metrics`)).text(), PAGE)
  }
  await listening.close()
  for (const url of listening.urls) await t.rejects(fetch(url))
})

t.test('a port that is taken is named, and nothing stays bound', async (t) => {
  const { url } = await start()
  const free = await listen(create(), [LOOPBACK], { log })
  if (free.type === 'failed') throw new Error(free.message)
  await free.close()
  const port = new URL(free.urls[0] ?? '').port
  const taken = `127.0.0.1:${new URL(url).port}`
  const listening = await listen(
    create(),
    [
      { host: '127.0.0.1', port: Number(port) },
      { host: '127.0.0.1', port: Number(new URL(url).port) },
    ],
    { log },
  )
  t.same(listening, {
    type: 'failed',
    message: `cannot listen on ${taken}: address already in use: choose another with --web.listen-address`,
  })
  await t.rejects(fetch(`http://127.0.0.1:${port}/`))
  const name = await listen(create(), [{ host: 'nowhere.invalid', port: 1 }], { log })
  t.match(name, { type: 'failed', message: /^cannot listen on nowhere\.invalid:1: the host name / })
  const elsewhere = await listen(create(), [{ host: '192.0.2.1', port: 0 }], { log })
  t.match(elsewhere, {
    message: 'cannot listen on 192.0.2.1:0: this host does not have that address',
  })
})

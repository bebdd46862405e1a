/** What an HTTP backend is asked and what it must answer: status, text, redirects that lead nowhere else. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { TextSearch } from '../exporter/probers/body.ts'
import type { HttpSettings } from '../exporter/probers/prober.ts'
import { redirected } from '../exporter/probers/redirect.ts'
import { http, local, lookAt } from './support/probe-look.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A server that keeps connections alive, and how it is looked at. */
async function world(t: Test, answer: Answer) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} http://${request.headers.host}${request.url}`)
    answer(request, response)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close().closeAllConnections())
  const { port } = server.address() as AddressInfo
  const look = (settings: Partial<HttpSettings> = {}, host?: string) =>
    lookAt(t, { kind: 'http', endpoint: local(port, host), http: http(settings) })
  return { port, asked, look }
}

t.test('the question is as it was configured', async (t) => {
  const headers: IncomingMessage['headers'][] = []
  const { asked, look, port } = await world(t, (request, response) => {
    headers.push(request.headers)
    response.end()
  })
  await look()
  await look({ method: 'HEAD', path: '//a/../b?c=%20&d', hostHeader: 'Moodle.test:8443' })
  await look({ method: 'POST', path: '/check' }, 'localhost')
  t.same(asked, [
    `GET http://127.0.0.1:${port}/`,
    'HEAD http://Moodle.test:8443//a/../b?c=%20&d',
    `POST http://localhost:${port}/check`,
  ])
  for (const header of headers) {
    t.match(header, { connection: 'close', 'user-agent': 'quic-lb-exporter', accept: '*/*' })
  }
  t.equal(headers[2]?.['content-length'], '0')
})

t.test('statuses in ranges', async (t) => {
  const { look } = await world(t, ({ url }, response) => {
    response.writeHead(Number(url?.slice(1)), { location: '/200' }).end()
  })
  const expectStatus = [
    [200, 299],
    [302, 303],
    [404, 404],
  ] as const
  for (const [status, healthy] of [
    [200, true],
    [204, true],
    [299, true],
    [301, false],
    [302, true],
    [303, true],
    [404, true],
    [403, false],
    [500, false],
  ] as const) {
    const looked = await look({ path: `/${status}`, expectStatus })
    t.equal(looked.status, status)
    t.equal(looked.failure, healthy ? undefined : 'status')
    if (!healthy) t.equal(looked.why, `status ${status}, expected 200-299, 302-303, 404`)
  }
})

t.test('a text in the body, however it is cut', async (t) => {
  const { look } = await world(t, ({ url }, response) => {
    response.write('server is hea')
    setImmediate(() => response.end(url === '/sick' ? 'ded for trouble' : 'lthy \u{1f60a}'))
  })
  t.equal((await look({ expectBody: 'healthy \u{1f60a}' })).failure, undefined)
  t.match(await look({ path: '/sick', expectBody: 'healthy' }), {
    failure: 'body',
    status: 200,
    why: '"healthy" is not in a body of 28 bytes',
  })
  t.match(await look({ expectBody: 'healthy', maxBodyBytes: 15 }), {
    failure: 'body',
    why: '"healthy" is not in the first 15 bytes of the body',
  })
  t.equal((await look({ expectBody: 'is hea', maxBodyBytes: 13 })).failure, undefined)
  t.equal((await look({ maxBodyBytes: 5 })).failure, undefined, 'nobody asked for the rest')
  t.match(await look({ method: 'HEAD', expectBody: 'healthy' }), { failure: 'body' })
})

t.test('a text is found in pieces if it is in the whole', (t) => {
  const letters = fc.array(fc.constantFrom('a', 'b', 'é'), { maxLength: 30 })
  fc.assert(
    fc.property(letters, letters, fc.array(fc.nat({ max: 40 })), (body, wanted, cuts) => {
      const [whole, text] = [Buffer.from(body.join('')), wanted.slice(0, 4).join('')]
      const search = new TextSearch(text)
      const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)), whole.length]
      places.sort((one, other) => one - other)
      places.forEach((from, index) => {
        search.add(whole.subarray(from, places[index + 1]))
      })
      return search.found === whole.includes(text)
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('redirects are followed only when asked, and only so far', async (t) => {
  const { asked, look, port } = await world(t, ({ url }, response) => {
    const step = Number(url?.slice(1))
    if (step === 0) response.end('arrived')
    else response.writeHead(302, { location: `/${step - 1}` }).end()
  })
  t.match(await look({ path: '/1' }), { failure: 'status', status: 302, sockets: 1 })
  t.match(await look({ path: '/1', expectStatus: [[200, 399]] }), {
    failure: undefined,
    status: 302,
  })
  asked.length = 0
  t.match(await look({ path: '/2', maxRedirects: 2, expectBody: 'arrived' }), {
    failure: undefined,
    status: 200,
    sockets: 3,
  })
  t.same(
    asked,
    [2, 1, 0].map((step) => `GET http://127.0.0.1:${port}/${step}`),
  )
  t.match(await look({ path: '/3', maxRedirects: 2, expectStatus: [[200, 399]] }), {
    failure: 'status',
    why: 'still a redirect (302) after 2',
    sockets: 3,
  })
})

t.test('a redirect leads to the same backend or nowhere', async (t) => {
  let location: string | undefined = ''
  let status = 301
  const { asked, look, port } = await world(t, ({ url }, response) => {
    if (url !== '/') response.end('arrived')
    else response.writeHead(status, location === undefined ? {} : { location }).end()
  })
  const leads = async (to: string | undefined, settings: Partial<HttpSettings> = {}, by = 301) => {
    location = to
    status = by
    asked.length = 0
    const looked = await look({ maxRedirects: 1, ...settings })
    return [looked.failure, looked.sockets, asked[1]]
  }
  const there = (path: string) => [undefined, 2, `GET http://127.0.0.1:${port}${path}`]
  t.same(await leads('/there?x=1'), there('/there?x=1'))
  t.same(await leads('there#part'), there('/there'))
  t.same(await leads(`http://127.0.0.1:${port}/a`), there('/a'))
  t.same(await leads(`HTTP://127.1:${port}/a`), there('/a'))
  const hostHeader = 'moodle.test'
  t.same(await leads('http://moodle.test/login', { hostHeader }), [
    undefined,
    2,
    'GET http://moodle.test/login',
  ])
  t.same(await leads(`http://127.0.0.1:${port}/own`, { hostHeader }), there('/own'))
  const nowhere = ['status', 1, undefined]
  for (const elsewhere of [
    `https://127.0.0.1:${port}/`,
    `http://127.0.0.1:${port + 1}/`,
    `http://localhost:${port}/`,
    'http://169.254.169.254/latest/meta-data/',
    '//evil.test/',
    '\\\\evil.test\\',
    'http://moodle.test/login',
    'http://',
    'ftp://127.0.0.1/',
    'javascript:alert(1)',
    `http://127.0.0.1:${port}@evil.test/`,
  ]) {
    t.same(await leads(elsewhere), nowhere, elsewhere)
  }
  t.same(await leads('https://moodle.test/', { hostHeader }), nowhere)
  t.same(await leads(undefined), ['status', 1, undefined], 'a redirect to nothing is a status')
  t.same(await leads('/a', { method: 'POST' }), there('/a'))
  const posted = [undefined, 2, `POST http://127.0.0.1:${port}/a`]
  t.same(await leads('/a', { method: 'POST' }, 307), posted)
  t.same(await leads('/a', { method: 'POST' }, 303), there('/a'))
  t.same(await leads('/a', {}, 304), ['status', 1, undefined], 'no redirect at all')
})

t.test('wherever a redirect leads, what is asked next is the same backend', (t) => {
  const asked = { method: 'GET', scheme: 'http', authority: 'moodle.test', path: '/' } as const
  const own = '10.0.0.1:8080'
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.webUrl()), (location) => {
      try {
        const { authority, path, scheme } = redirected(asked, 302, location, own)
        return [own, 'moodle.test'].includes(authority) && scheme === 'http' && path.startsWith('/')
      } catch (error) {
        return error instanceof Error && error.message.startsWith('302 redirects elsewhere')
      }
    }),
    { numRuns: 2000 },
  )
  t.end()
})

t.test('an IPv6 address stands in brackets', async (t) => {
  const asked: (string | undefined)[] = []
  const server = createServer(({ headers }, response) => {
    asked.push(headers.host)
    response.end()
  })
  await once(server.listen(0, '::1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const target = { kind: 'http', endpoint: local(port, '::1'), http: http() } as const
  t.match(await lookAt(t, target), { failure: undefined, address: '::1' })
  t.same(asked, [`[::1]:${port}`])
})

t.test('what cannot be sent is not sent, and no fault of the backend', async (t) => {
  const { asked, look } = await world(t, (_, response) => response.end())
  for (const version of ['http/1.1', 'h2'] as const) {
    for (const settings of [{ path: '/a b' }, { path: '/\u00e9' }, { hostHeader: 'a\n.test' }]) {
      t.match(await look({ version, ...settings }), {
        failure: 'other',
        why: 'cannot be sent',
        sockets: 0,
      })
    }
  }
  t.same(asked, [])
})

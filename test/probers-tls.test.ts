/** Certificates that are refused and why, when they end, client certificates, and servers that speak no TLS. */
import { X509Certificate } from 'node:crypto'
import { copyFileSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TLSSocket, TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import { SecureContexts } from '../exporter/probers/contexts.ts'
import type { TlsSettings } from '../exporter/probers/prober.ts'
import { http, local, lookAt, SOON_MS, tls, tlsFile } from './support/probe-look.ts'
import { backend, tlsBackend } from './support/probe-servers.ts'
import { until } from './support/until.ts'

/** The end of the first certificate of a file, Unix µs. */
function endOf(name: string): number {
  return new X509Certificate(readFileSync(tlsFile(name))).validToDate.getTime() * 1000
}

/** A look at a server with one certificate, as `tls` and as `http`. */
async function both(
  t: Test,
  certificate: string,
  settings: TlsSettings,
  options: TlsOptions = {},
  host?: string,
) {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'
  const { port, connections } = await tlsBackend(
    t,
    certificate,
    (socket) => socket.once('data', () => socket.write(answer)),
    options,
  )
  const endpoint = local(port, host)
  const asTls = await lookAt(t, { kind: 'tls', endpoint, tls: settings })
  const asHttp = await lookAt(t, { kind: 'http', endpoint, tls: settings, http: http() })
  await until('the server to notice', () => connections.open.size === 0, { withinMs: 10_000 })
  t.equal(connections.accepted, 2)
  return [asTls, asHttp] as const
}

t.test('a chain that is taken, and its earliest end', async (t) => {
  const intermediate = readFileSync(tlsFile('server'), 'utf8').split(
    /(?<=END CERTIFICATE-----\n)/,
  )[1]
  const end = new X509Certificate(intermediate ?? '').validToDate.getTime() * 1000
  t.ok(end < endOf('server') && end < endOf('ca'))
  for (const host of ['localhost', '127.0.0.1']) {
    for (const looked of await both(t, 'server', tls(), {}, host)) {
      t.equal(looked.failure, undefined, `${looked.why}`)
      t.equal(looked.certificateExpiryUs, end, 'the one in the middle ends first')
      t.same(Object.keys(looked.phasesUs).slice(0, 3), ['resolve', 'connect', 'tls'])
      t.ok((looked.phasesUs.tls ?? 0) > 0)
    }
  }
})

const REFUSED: Readonly<Record<string, readonly [why: RegExp, settings: TlsSettings]>> = {
  server: [/UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF)/, tls({ caFile: tlsFile('other-ca') })],
  'self-signed': [/DEPTH_ZERO_SELF_SIGNED_CERT/, tls()],
  expired: [/CERT_HAS_EXPIRED/, tls()],
  'not-yet-valid': [/CERT_NOT_YET_VALID/, tls()],
  'other-name': [/^Hostname\/IP does not match .*elsewhere\.test/, tls()],
}

for (const [certificate, [why, settings]] of Object.entries(REFUSED)) {
  t.test(`refused: ${certificate}`, async (t) => {
    for (const looked of await both(t, certificate, settings, {}, 'localhost')) {
      t.equal(looked.failure, 'tls')
      t.match(looked.why, why)
      t.same(Object.keys(looked.phasesUs), ['resolve', 'connect', 'tls'])
      if (certificate !== 'server') t.equal(looked.certificateExpiryUs, endOf(certificate))
      else t.ok((looked.certificateExpiryUs ?? 0) < endOf('server'))
    }
    for (const looked of await both(t, certificate, { ...settings, verify: false })) {
      t.equal(looked.failure, undefined, 'unless it is not verified')
      t.not(looked.certificateExpiryUs, undefined)
      t.match(looked.notes.join('\n'), /taken unverified/)
    }
  })
}

t.test('without a CA of its own the ones of Node.js count', async (t) => {
  for (const looked of await both(t, 'server', { verify: true })) t.equal(looked.failure, 'tls')
})

t.test('the name that is asked for is the one that the certificate must have', async (t) => {
  const asked: (string | undefined)[] = []
  const options: TlsOptions = {
    SNICallback: (name, done) => {
      asked.push(name)
      done(null)
    },
  }
  const look = async (settings: TlsSettings, host: string) =>
    (await both(t, 'server', settings, options, host)).map(({ failure }) => failure)
  t.same(await look(tls({ serverName: 'backend.test' }), '127.0.0.1'), [undefined, undefined])
  t.same(await look(tls({ serverName: 'backend.test.' }), '127.0.0.1'), [undefined, undefined])
  t.same(await look(tls(), 'localhost'), [undefined, undefined])
  t.same(await look(tls({ serverName: 'other.test' }), 'localhost'), ['tls', 'tls'])
  t.same(asked, [
    ...Array(4).fill('backend.test'),
    'localhost',
    'localhost',
    'other.test',
    'other.test',
  ])
  t.same(await look(tls(), '127.0.0.1'), [undefined, undefined])
  t.equal(asked.length, 8, 'an address is never sent as a name')
})

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  t.test(`a server that wants a client certificate, ${maxVersion}`, async (t) => {
    const options: TlsOptions = {
      maxVersion,
      requestCert: true,
      rejectUnauthorized: true,
      ca: readFileSync(tlsFile('ca')),
    }
    const client = (name: string) => tls({ certFile: tlsFile(name), keyFile: tlsFile('key') })
    for (const looked of await both(t, 'server', client('client'), options)) {
      t.equal(looked.failure, undefined, `${looked.why}`)
    }
    for (const settings of [tls(), client('other-client')]) {
      const { port } = await tlsBackend(t, 'server', () => undefined, options)
      const endpoint = local(port)
      const looked = await lookAt(t, { kind: 'tls', endpoint, tls: settings })
      // In TLS 1.3 Node.js itself takes any certificate, and hangs up later without a word.
      const isTold = maxVersion === 'TLSv1.2' || settings.certFile === undefined
      if (isTold) t.equal(looked.failure, 'tls', `${looked.why}`)
      t.not(looked.certificateExpiryUs === undefined, maxVersion === 'TLSv1.3')
      const asked = await lookAt(t, { kind: 'http', endpoint, tls: settings, http: http() })
      t.match(asked.failure, /^(tls|protocol)$/, `${asked.why}`)
    }
  })
}

t.test('no TLS, or the wrong one', async (t) => {
  const plain = await backend(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  )
  const silent = await backend(t, () => undefined)
  const closing = await backend(t, (socket) => socket.once('data', () => socket.end()))
  const resetting = await backend(t, (socket) =>
    socket.once('data', () => socket.resetAndDestroy()),
  )
  const old = await tlsBackend(t, 'server', () => undefined, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
  })
  const look = (port: number, withinMs?: number) =>
    lookAt(t, { kind: 'tls', endpoint: local(port), tls: tls() }, withinMs)
  t.match(await look(plain.port), { failure: 'tls', why: /^TLS: / })
  t.match(await look(closing.port), { failure: 'tls' })
  t.match(await look(resetting.port), { failure: 'tls' })
  t.match(await look(old.port), { failure: 'tls' })
  const timely = await look(silent.port, SOON_MS)
  t.match(timely, { failure: 'timeout', why: /: tls \(127\.0\.0\.1\)$/ })
  t.same(Object.keys(timely.phasesUs), ['resolve', 'connect', 'tls'])
  for (const { connections } of [plain, closing, resetting, old, silent]) {
    await until('the server to notice', () => connections.open.size === 0, { withinMs: 10_000 })
  }
})

t.test('a server that hangs up after the handshake', async (t) => {
  for (const version of ['http/1.1', 'h2'] as const) {
    for (const leave of ['end', 'destroy'] as const) {
      const serve = (socket: TLSSocket) => void socket[leave]()
      const { port } = await tlsBackend(t, 'server', serve, { ALPNProtocols: [version] })
      for (let look = 0; look < 5; look += 1) {
        const endpoint = local(port)
        const looked = await lookAt(t, {
          kind: 'http',
          endpoint,
          tls: tls(),
          http: http({ version }),
        })
        t.equal(looked.failure, 'protocol', `${version} ${leave}: ${looked.why}`)
      }
    }
  }
})

t.test('what the server chooses is what is spoken', async (t) => {
  const serve = () => undefined
  const ask = async (options: TlsOptions, version: 'http/1.1' | 'h2') => {
    const { port } = await tlsBackend(t, 'server', serve, options)
    const target = {
      kind: 'http',
      endpoint: local(port),
      tls: tls(),
      http: http({ version }),
    } as const
    return lookAt(t, target)
  }
  t.match(await ask({ ALPNProtocols: ['http/1.1'] }, 'h2'), {
    failure: 'tls',
    why: /no application protocol/,
  })
  t.match(await ask({}, 'h2'), { failure: 'protocol', why: 'asked for h2, got http/1.1' })
  t.match(await ask({ ALPNCallback: () => undefined }, 'http/1.1'), { failure: 'tls' })
})

t.test('files that change are read again; a renewal that is half done does no harm', async (t) => {
  const directory = t.testdir()
  const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  copyFileSync(tlsFile('other-ca'), caFile)
  copyFileSync(tlsFile('client'), certFile)
  copyFileSync(tlsFile('key'), keyFile)
  const settings = tls({ caFile, certFile, keyFile })
  const options: TlsOptions = {
    maxVersion: 'TLSv1.2',
    requestCert: true,
    rejectUnauthorized: true,
    ca: readFileSync(tlsFile('ca')),
  }
  const { port } = await tlsBackend(t, 'server', () => undefined, options)
  const look = () => lookAt(t, { kind: 'tls', endpoint: local(port), tls: settings })
  t.match((await look()).why, /UNABLE_TO/, 'the wrong authority')
  copyFileSync(tlsFile('ca'), caFile)
  t.equal((await look()).failure, undefined)
  copyFileSync(tlsFile('other-client'), certFile)
  t.equal((await look()).failure, 'tls', 'the wrong client certificate')
  copyFileSync(tlsFile('client'), certFile)
  t.equal((await look()).failure, undefined)
  writeFileSync(keyFile, 'half a k')
  const half = await look()
  t.equal(half.failure, undefined, 'the last good ones count')
  t.match(half.notes.join('\n'), /TLS files cannot be used/)
  unlinkSync(caFile)
  t.match((await look()).notes.join('\n'), /ENOENT/)
  copyFileSync(tlsFile('ca'), caFile)
  copyFileSync(tlsFile('key'), keyFile)
  t.notMatch((await look()).notes.join('\n'), /cannot be used/)
})

t.test('files that were never good are our fault, and no connection is of use', async (t) => {
  const { port } = await tlsBackend(t, 'server', () => undefined)
  const settings = tls({ caFile: tlsFile('no-such-file') })
  const looked = await lookAt(t, { kind: 'tls', endpoint: local(port), tls: settings })
  t.match(looked, { failure: 'other', why: /^TLS files cannot be used: ENOENT/ })
})

t.test('one context for all targets with the same files', (t) => {
  const contexts = new SecureContexts()
  const note = () => undefined
  const one = contexts.of(tls(), note)
  t.equal(contexts.of(tls({ serverName: 'other.test', verify: false }), note), one)
  t.not(contexts.of(tls({ caFile: tlsFile('other-ca') }), note), one)
  t.equal(contexts.of(tls(), note), one)
  t.end()
})

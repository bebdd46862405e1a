/** Real servers are looked at: what they are configured for is what is seen, and their logs hold one request for each look. */
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { HttpSettings, TlsSettings } from '../../exporter/probers/prober.ts'
import { http, local, lookAt, tls, tlsFile } from '../support/probe-look.ts'
import { until } from '../support/until.ts'
import { peer, skipWithout } from './peers.ts'
import { freePort, run, start, untilSaid } from './processes.ts'
import { makeCertificate, SERVER_NAME, temporaryDirectory } from './workspace.ts'

const VERSIONS = ['http/1.1', 'h2'] as const
const client = { certFile: tlsFile('client'), keyFile: tlsFile('key') }

/** The same look by both versions. */
async function byBoth(
  t: Test,
  port: number,
  settings: Partial<HttpSettings>,
  secure?: TlsSettings,
  host = SERVER_NAME,
) {
  const looks = []
  for (const version of VERSIONS) {
    const target = {
      kind: 'http',
      endpoint: local(port, host),
      http: http({ version, ...settings }),
      ...(secure !== undefined && { tls: secure }),
    } as const
    looks.push(await lookAt(t, target))
  }
  return looks
}

/** Waits until a program accepts connections; that is no request. */
function untilListening(t: Test, port: number): Promise<unknown> {
  const ask = async () =>
    (await lookAt(t, { kind: 'tcp', endpoint: local(port) })).failure === undefined
  return until('the server to listen', ask, { withinMs: 15_000 })
}

/** When a certificate ends, as openssl says, Unix µs. */
async function endBy(t: Test, file: string): Promise<number> {
  const { stdout } = await run(t, {
    program: peer('openssl'),
    args: ['x509', '-noout', '-enddate', '-in', file],
  })
  return Date.parse(stdout.replace('notAfter=', '')) * 1000
}

/** The lines of a log, once there are as many. */
async function logged(file: string, count: number): Promise<string[]> {
  const read = async () => {
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
    return lines.length >= count && lines
  }
  return until(`${count} lines in ${file}`, read, { withinMs: 10_000 })
}

t.test(
  'nginx: status, text, redirects, certificate, one line for each look',
  { skip: skipWithout('nginx', 'openssl') },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const [plain, secure, guarded] = [await freePort(), await freePort(), await freePort()]
    const files = await makeCertificate(t, directory)
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    const body = `
    location = /admin/cli/healthcheck.php { return 200 "OK: moodle\\n"; }
    location = /old { return 301 /admin/cli/healthcheck.php; }
    location = /away { return 302 http://169.254.169.254/; }
    location = /down { return 503; }`
    await writeFile(
      join(directory, 'nginx.conf'),
      `
daemon off; worker_processes 1; pid nginx.pid; error_log error.log info;
events { worker_connections 64; }
http {
  ${places.map((name) => `${name}_temp_path temporary-${name};`).join(' ')}
  log_format probes '$status $server_protocol $request_method $host$request_uri $ssl_server_name $http_user_agent';
  access_log access.log probes;
  absolute_redirect off;
  server { listen 127.0.0.1:${plain}; http2 on; ${body} }
  server {
    listen 127.0.0.1:${secure} ssl; http2 on; ${body}
    ssl_certificate cert.pem; ssl_certificate_key key.pem;
  }
  server {
    listen 127.0.0.1:${guarded} ssl; http2 on; ${body}
    ssl_certificate ${tlsFile('server')}; ssl_certificate_key ${tlsFile('key')};
    ssl_client_certificate ${tlsFile('ca')}; ssl_verify_client on;
  }
}
`,
    )
    start(t, {
      program: peer('nginx'),
      args: ['-p', directory, '-e', 'error.log', '-c', 'nginx.conf'],
      cwd: directory,
    })
    await untilListening(t, plain)
    const own = tls({ caFile: files.certificate })
    const path = '/admin/cli/healthcheck.php'
    const expectBody = 'OK: moodle'
    const expected: string[] = []
    const expects = (...rests: string[]) => {
      for (const rest of rests) expected.push(`${rest} quic-lb-exporter`)
    }

    for (const looked of await byBoth(t, plain, { path, expectBody, hostHeader: 'moodle.test' })) {
      t.match(looked, { failure: undefined, status: 200, address: '127.0.0.1' })
    }
    expects(`200 HTTP/1.1 GET moodle.test${path} -`, `200 HTTP/2.0 GET moodle.test${path} -`)

    const end = await endBy(t, files.certificate)
    for (const looked of await byBoth(t, secure, { path, expectBody, method: 'GET' }, own)) {
      t.match(looked, { failure: undefined, status: 200, certificateExpiryUs: end })
      t.same(Object.keys(looked.phasesUs), ['resolve', 'connect', 'tls', 'processing'])
    }
    const at = `${SERVER_NAME}${path} ${SERVER_NAME}`
    expects(`200 HTTP/1.1 GET ${at}`, `200 HTTP/2.0 GET ${at}`)

    for (const looked of await byBoth(
      t,
      secure,
      { path: '/old', expectBody, maxRedirects: 1 },
      own,
    )) {
      t.match(looked, { failure: undefined, status: 200, sockets: 2 })
    }
    for (const version of ['1.1', '2.0']) {
      expects(
        `301 HTTP/${version} GET ${SERVER_NAME}/old ${SERVER_NAME}`,
        `200 HTTP/${version} GET ${at}`,
      )
    }
    for (const looked of await byBoth(t, secure, { path: '/away', maxRedirects: 1 }, own)) {
      t.match(looked, { failure: 'status', status: 302, sockets: 1 })
    }
    for (const looked of await byBoth(t, secure, { path: '/down', method: 'HEAD' }, own)) {
      t.match(looked, { failure: 'status', status: 503, why: 'status 503, expected 200-299' })
    }
    for (const [status, method, place] of [
      [302, 'GET', '/away'],
      [503, 'HEAD', '/down'],
    ]) {
      for (const version of ['1.1', '2.0']) {
        expects(`${status} HTTP/${version} ${method} ${SERVER_NAME}${place} ${SERVER_NAME}`)
      }
    }

    // nginx completes the handshake with anybody, and says 400 then.
    for (const looked of await byBoth(t, guarded, { path }, tls())) {
      t.match(looked, { failure: 'status', status: 400 })
    }
    for (const looked of await byBoth(t, guarded, { path, expectBody }, tls(client))) {
      t.match(looked, { failure: undefined, status: 200 })
    }
    for (const status of [400, 200])
      expects(`${status} HTTP/1.1 GET ${at}`, `${status} HTTP/2.0 GET ${at}`)

    // What ends before a request is one is in no log.
    const stranger = tls({ caFile: tlsFile('other-ca') })
    for (const looked of await byBoth(t, secure, { path }, stranger)) {
      t.match(looked, { failure: 'tls', certificateExpiryUs: end })
    }
    t.match(await lookAt(t, { kind: 'tls', endpoint: local(secure, SERVER_NAME), tls: own }), {
      failure: undefined,
      certificateExpiryUs: end,
    })
    t.match(await lookAt(t, { kind: 'tls', endpoint: local(plain), tls: own }), { failure: 'tls' })
    // That one nginx took for a request of its own kind.
    const lines = await logged(join(directory, 'access.log'), expected.length + 1)
    t.same(lines.slice(0, -1), expected)
    t.match(lines.at(-1), /^400 /)
  },
)

t.test(
  'HAProxy: versions, client certificates, one line for each look',
  { skip: skipWithout('haproxy', 'openssl') },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const [plain, secure, guarded, h1] = await Promise.all([1, 2, 3, 4].map(freePort))
    if (plain === undefined || secure === undefined || guarded === undefined || h1 === undefined)
      return
    const both = join(directory, 'both.pem')
    const parts = [tlsFile('server'), tlsFile('key')].map((file) => readFile(file, 'utf8'))
    await writeFile(both, (await Promise.all(parts)).join(''))
    const answer = 'http-request return status 200 content-type text/plain string healthy'
    await writeFile(
      join(directory, 'haproxy.cfg'),
      `
global
    log stderr format raw local0
    stats socket ${directory}/socket
defaults
    mode http
    log global
    option dontlognull
    log-format "%ST %HV %HM %HPO %sslv"
    timeout client 10s
frontend plain
    bind 127.0.0.1:${plain}
    ${answer}
frontend secure
    bind 127.0.0.1:${secure} ssl crt ${both} alpn h2,http/1.1
    ${answer}
frontend guarded
    bind 127.0.0.1:${guarded} ssl crt ${both} alpn h2,http/1.1 ca-file ${tlsFile('ca')} verify required
    error-log-format "%ST %HV handshake"
    ${answer}
frontend h1
    bind 127.0.0.1:${h1} ssl crt ${both} alpn http/1.1
    error-log-format "%ST %HV handshake"
    ${answer}
`,
    )
    const haproxy = start(t, {
      program: peer('haproxy'),
      args: ['-db', '-f', 'haproxy.cfg'],
      cwd: directory,
    })
    await untilListening(t, h1)
    const end = new X509Certificate(
      (await readFile(tlsFile('server'), 'utf8')).split(/(?<=END CERTIFICATE-----\n)/)[1] ?? '',
    ).validToDate
    const expectBody = 'healthy'
    for (const looked of await byBoth(t, plain, { expectBody, path: '/plain' })) {
      t.match(looked, { failure: undefined, status: 200 })
    }
    for (const looked of await byBoth(t, secure, { expectBody, path: '/secure' }, tls())) {
      t.match(looked, { failure: undefined, certificateExpiryUs: end.getTime() * 1000 })
    }
    for (const looked of await byBoth(t, guarded, { path: '/with' }, tls(client))) {
      t.match(looked, { failure: undefined })
    }
    const requests = () =>
      haproxy
        .stderr()
        .split('\n')
        .filter((line) => /^200 /.test(line))
    await until('six lines', () => requests().length >= 6, { withinMs: 10_000 })
    t.same(requests(), [
      '200 HTTP/1.1 GET /plain -',
      '200 HTTP/2.0 GET /plain -',
      '200 HTTP/1.1 GET /secure TLSv1.3',
      '200 HTTP/2.0 GET /secure TLSv1.3',
      '200 HTTP/1.1 GET /with TLSv1.3',
      '200 HTTP/2.0 GET /with TLSv1.3',
    ])
    for (const settings of [
      tls(),
      tls({ certFile: tlsFile('other-client'), keyFile: tlsFile('key') }),
    ]) {
      const looked = await lookAt(t, { kind: 'tls', endpoint: local(guarded), tls: settings })
      t.equal(looked.failure, 'tls', `${looked.why}`)
      t.equal(looked.certificateExpiryUs, end.getTime() * 1000, 'told all the same')
      for (const asked of await byBoth(t, guarded, { path: '/without' }, settings)) {
        t.equal(asked.failure, 'tls', `${asked.why}`)
      }
    }
    const [, h2] = await byBoth(t, h1, {}, tls())
    // It does not refuse to talk, as it should (RFC 7301 §3.2), but chooses nothing.
    t.match(h2, { failure: 'protocol', why: 'asked for h2, got http/1.1' })
    await until('the last look', () => requests().length >= 7, { withinMs: 10_000 })
    t.equal(requests().length, 7, 'and no other')
    t.notMatch(haproxy.stderr(), '/without')
  },
)

t.test(
  'Caddy: versions, and one line for each look',
  { skip: skipWithout('caddy', 'openssl') },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const [secure, plain] = [await freePort(), await freePort()]
    const files = await makeCertificate(t, directory)
    const site = `
	bind 127.0.0.1
	log {
		output file ${directory}/access.log
		format json
	}
	respond /healthz "healthy"
	respond /down 503`
    await writeFile(
      join(directory, 'Caddyfile'),
      `{
	admin off
	auto_https off
	skip_install_trust
	persist_config off
	pki {
		ca local {
			name "unused"
		}
	}
	servers :${plain} {
		protocols h1 h2c
	}
}
https://${SERVER_NAME}:${secure} {
	tls ${files.certificate} ${files.key}${site}
}
http://${SERVER_NAME}:${plain} {${site}
}
`,
    )
    const caddy = start(t, {
      program: peer('caddy'),
      args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
      cwd: directory,
      env: { HOME: directory },
    })
    await untilSaid(caddy, /serving initial configuration/)
    const own = tls({ caFile: files.certificate, serverName: SERVER_NAME })
    const path = '/healthz'
    const expectBody = 'healthy'
    const end = await endBy(t, files.certificate)
    for (const looked of await byBoth(
      t,
      secure,
      { path, expectBody, hostHeader: SERVER_NAME },
      own,
      '127.0.0.1',
    )) {
      t.match(looked, { failure: undefined, status: 200, certificateExpiryUs: end })
    }
    for (const looked of await byBoth(t, plain, { path, expectBody })) {
      t.match(looked, { failure: undefined, status: 200 })
    }
    for (const looked of await byBoth(t, secure, { path: '/down' }, own)) {
      t.match(looked, { failure: 'status', status: 503 })
    }
    const lines = await logged(join(directory, 'access.log'), 6)
    t.same(
      lines
        .map((line) => JSON.parse(line))
        .map(({ status, request }) => `${status} ${request.proto} ${request.uri}`),
      [
        '200 HTTP/1.1 /healthz',
        '200 HTTP/2.0 /healthz',
        '200 HTTP/1.1 /healthz',
        '200 HTTP/2.0 /healthz',
        '503 HTTP/1.1 /down',
        '503 HTTP/2.0 /down',
      ],
    )
  },
)

t.test(
  'TLS 1.3 of a server that sends no tickets: silence is consent, an alert is none',
  { skip: skipWithout('openssl') },
  async (t) => {
    const directory = await temporaryDirectory(t)
    const serve = async (...more: readonly string[]) => {
      const port = await freePort()
      start(t, {
        program: peer('openssl'),
        args: [
          ...['s_server', '-www', '-tls1_3', '-num_tickets', '0', '-accept', `127.0.0.1:${port}`],
          ...['-cert', tlsFile('other-name'), '-key', tlsFile('key'), ...more],
        ],
        cwd: directory,
      })
      await untilListening(t, port)
      return (settings: TlsSettings) => {
        const named = { ...settings, serverName: 'elsewhere.test' }
        return lookAt(t, { kind: 'tls', endpoint: local(port), tls: named })
      }
    }
    const open = await serve()
    t.equal((await open(tls())).failure, undefined)
    const guarded = await serve('-Verify', '2', '-verify_return_error', '-CAfile', tlsFile('ca'))
    t.equal((await guarded(tls(client))).failure, undefined)
    t.match(await guarded(tls()), { failure: 'tls' })
    const other = tls({ certFile: tlsFile('other-client'), keyFile: tlsFile('key') })
    t.match(await guarded(other), { failure: 'tls' })
  },
)

/** nginx's request log, configured as docs/proxies/nginx.md says: clients, backends and nginx agree with us. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { until } from '../support/until.ts'
import { startBackends } from './backends.ts'
import { peer, skipWithout } from './peers.ts'
import { freePort, start } from './processes.ts'
import {
  answers,
  ask,
  classOf,
  each,
  get,
  only,
  places,
  plus,
  scenario,
  snippet,
  table,
  tally,
  watch,
} from './request-logs.ts'
import { makeCertificate, temporaryDirectory } from './workspace.ts'

const skip = skipWithout('nginx', 'curl', 'openssl')

t.test('requests and every try are those of clients, backends and nginx', { skip }, async (t) => {
  const directory = await temporaryDirectory(t)
  const backends = await startBackends(t)
  const [port, statusPort] = [await freePort(), await freePort()]
  await makeCertificate(t, directory)
  const log = join(directory, 'quic-lb.log')
  const moved = ['/var/log/nginx/quic-lb.log', log] as const
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configuration = `
daemon off; worker_processes 1; pid nginx.pid; error_log error.log info;
events { worker_connections 256; }
http {
  ${temporary.map((name) => `${name}_temp_path temporary-${name};`).join(' ')}
  ${await snippet('nginx', 'nginx', [moved])}
  upstream app {
    zone app 64k;
    ${backends.map(({ address }) => `server ${address} max_fails=2 fail_timeout=2s;`).join('\n    ')}
    keepalive 8;
  }
  server {
    listen 127.0.0.1:${port} quic reuseport;
    listen 127.0.0.1:${port} ssl;
    http2 on;
    ssl_certificate cert.pem;
    ssl_certificate_key key.pem;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
  server { listen 127.0.0.1:${statusPort}; location / { access_log off; stub_status; } }
}
`
  await writeFile(join(directory, 'nginx.conf'), configuration)
  start(t, {
    program: peer('nginx'),
    args: ['-p', directory, '-e', 'error.log', '-c', 'nginx.conf'],
    cwd: directory,
  })
  let looks = 0
  const status = async () => {
    const text = await get(`http://127.0.0.1:${statusPort}/`)
    looks += 1
    return text
  }
  await until('nginx to listen', () => status().catch(() => undefined), { withinMs: 15_000 })
  const exporter = await watch(t, directory, 'nginx', [...places(backends), moved])

  // nginx does not say when it tries a server again: a client finds out.
  const probes: number[] = []
  const isBack = async () => {
    const [answer] = await ask(t, port, 'h2', ['/item'])
    probes.push(answer?.status ?? 0)
    return answer?.status === 200
  }
  const { asked, givenUp, brokenOff } = await scenario(t, port, backends, {
    down: async () => {},
    up: () => until('nginx to try them again', isBack, { withinMs: 15_000, everyMs: 500 }),
  })
  const count = asked.length + probes.length + 6
  const page = await exporter.untilPage(
    'all requests',
    (page) => page.value('quic_lb_requests_total') === count,
  )

  const seen = (name: string, ...labels: string[]) => table(page, name, ...labels)
  const clients = tally(asked.map(({ protocol, status }) => `${protocol} ${classOf(status)}`))
  t.same(
    seen('quic_lb_requests_total', 'protocol', 'code'),
    plus(
      clients,
      tally(probes.map((status) => `h2 ${classOf(status)}`)),
      each(givenUp, '4xx'),
      each(brokenOff, '2xx'),
    ),
    'as many as the clients asked, by protocol and status',
  )
  t.same(seen('quic_lb_requests_aborted_total', 'protocol', 'initiator'), each(givenUp, 'client'))
  const own = Number(/requests\s+\d+ \d+ (\d+)/.exec(await status())?.[1])
  t.equal(own - looks, count, 'as many as stub_status has, our looks at it left out')

  const told = seen('quic_lb_backend_requests_total', 'backend', 'code')
  const failed = await failures(join(directory, 'error.log'))
  const names = new Map(backends.map(({ address, name }) => [address, name]))
  t.same(
    only(told, (key) => !key.endsWith(' other')),
    plus(answers(backends), tally(failed.map((address) => `${names.get(address)} 5xx`))),
    'every try: what the backends answered, and what nginx could not connect to',
  )
})

/** Where nginx could not connect to. */
async function failures(errorLog: string): Promise<string[]> {
  const text = await readFile(errorLog, 'utf8')
  return [...text.matchAll(/ connect\(\) failed .* upstream: "http:\/\/([^/]*)\//g)].map(
    ([, address = '']) => address,
  )
}

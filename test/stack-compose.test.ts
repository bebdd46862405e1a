/** The compose file as data: no engine is needed. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { composeProblems, readCompose, withDefaults } from './support/compose-file.ts'
import { instructionsOf } from './support/dockerfile.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
const text = read('docker-compose.monitoring.yml')
const compose = readCompose(text)
const { services } = compose

t.test('nothing is wrong in the compose file', async (t) => {
  t.same(composeProblems(compose), [])
})

type Mutation = readonly [name: string, what: string | RegExp, by: string, problem: RegExp]
const MUTATIONS: readonly Mutation[] = [
  ['latest', 'prom/prometheus:v3.5.3', 'prom/prometheus:latest', /^prometheus: image/],
  ['no tag', 'caddy:2.11.4', 'caddy', /^lb: image caddy$/],
  ['a tag that moves', 'grafana/grafana:12.4.12', 'grafana/grafana:12', /^grafana: image/],
  ['root', "user: '472:0'", "user: '0:0'", /^grafana: no user/],
  ['a user by name', "user: '65534:65534'", 'user: nobody', /^prometheus: no user/],
  ['writable', 'read_only: true', 'read_only: false', /^b2: can write/],
  ['capabilities', 'cap_drop: [ALL]', 'cap_drop: [NET_RAW]', /^exporter: keeps/],
  ['one more', '[NET_BIND_SERVICE]', '[NET_BIND_SERVICE, NET_ADMIN]', /^lb: adds/],
  ['privileges', 'no-new-privileges:true', 'no-new-privileges:false', /^traffic: may gain/],
  ['privileged', 'read_only: true', 'read_only: true\n  privileged: true', /^lb: unknown key/],
  ['no restart', 'restart: unless-stopped', "restart: 'no'", /^phones: does not come back/],
  ['an endless log', 'max-size: 10m, ', '', /^exporter: endless log/],
  [
    'no health check',
    /healthcheck:\n {6}test: .*9093[\s\S]*?retries: 12/,
    '',
    /^alertmanager: health/,
  ],
  [
    'a check by shell',
    "test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:9090/-/ready']",
    'test: wget',
    /^prometheus: health/,
  ],
  ['open to all', "'127.0.0.1:${GRAFANA_PORT", "'${GRAFANA_PORT", /^grafana: port/],
  [
    'a port that is fixed',
    /127\.0\.0\.1:\$\{LB_PORT:-9443\}:9443\/udp/,
    '127.0.0.1:9443:9443/udp',
    /^lb: port/,
  ],
  ['the host', 'networks: [monitoring]', 'network_mode: host', /^prometheus: network mode/],
  ['a replay with a network', 'network_mode: none', 'networks: [demo]', /^player: the replay/],
  [
    'writes to the repository',
    ':/etc/quic-lb-exporter:ro',
    ':/etc/quic-lb-exporter',
    /^exporter: may write/,
  ],
  [
    'the engine',
    'grafana-data:/var/lib/grafana\n',
    '/var/run/docker.sock:/s\n',
    /^grafana: mount of/,
  ],
  ['no such volume', /\n {2}exporter-state:\n/, '\n', /^exporter: mount of exporter-state/],
  ['a volume for nobody', /\nvolumes:\n/, '\nvolumes:\n  more:\n', /^volume more/],
  ['nobody to wait for', 'b1: { condition', 'b9: { condition', /^lb: depends on b9/],
  [
    'does not wait',
    'prometheus: { condition: service_healthy',
    'prometheus: { condition: service_started',
    /^grafana: does not wait/,
  ],
  [
    'another profile',
    /(traffic:\n[\s\S]*?)profiles: \[demo\]/,
    '$1profiles: [replay]',
    /^traffic: .*another profile/,
  ],
  [
    'not always there',
    '  alertmanager:\n',
    '  alertmanager:\n    profiles: [demo]\n',
    /^alertmanager: in a profile/,
  ],
]

t.test('each fault is found', async (t) => {
  for (const [name, what, by, problem] of MUTATIONS) {
    const changed = text.replace(what, by)
    t.not(changed, text, `${name}: changed`)
    const found = composeProblems(readCompose(changed))
    t.ok(
      found.some((one) => problem.test(one)),
      name,
      { found },
    )
  }
})

t.test('the programs run on the Node.js of the image', async (t) => {
  const [from] = instructionsOf(read('Dockerfile'))
  const plain = Object.values(services).filter(({ image }) => image?.startsWith('node:'))
  t.ok(plain.length >= 4)
  for (const { image } of plain) t.equal(`${image} AS build`, from?.rest)
})

t.test('what was measured outlives a baseline of two weeks', async (t) => {
  const flag = services.prometheus?.command?.find((one) => one.includes('retention.time'))
  t.equal(withDefaults(flag ?? ''), '--storage.tsdb.retention.time=30d')
  t.match(text, /Not the 200 h/)
})

t.test('the well-known password is a default that anybody can replace', async (t) => {
  const { environment = {} } = services.grafana ?? {}
  t.match(environment.GF_SECURITY_ADMIN_USER, /^\$\{GRAFANA_ADMIN_USER:-admin\}$/)
  t.match(environment.GF_SECURITY_ADMIN_PASSWORD, /^\$\{GRAFANA_ADMIN_PASSWORD:-admin123\}$/)
  t.match(services.grafana?.ports?.[0], /^127\.0\.0\.1:.*:-3000\}:3000$/)
})

t.test(
  'the balancer of the demo is there over TCP and UDP, and writes qlog where the exporter reads',
  async (t) => {
    const { lb } = services
    t.same(lb?.ports?.map(withDefaults), ['127.0.0.1:9443:9443/tcp', '127.0.0.1:9443:9443/udp'])
    const directory = lb?.environment?.QLOGDIR ?? 'none'
    t.match(read('docker/demo/exporter.yml'), `paths: [${directory}]`)
    t.ok(lb?.volumes?.includes('demo-logs:/var/log/demo'))
    t.ok(services.exporter?.volumes?.includes('demo-logs:/var/log/demo'))
    t.ok(directory.startsWith('/var/log/demo/'))
  },
)

t.test('three backends, each probed and named', async (t) => {
  const config = read('docker/demo/exporter.yml')
  const balancer = read('docker/demo/lb.Caddyfile')
  const backends = Object.keys(services).filter((name) => /^b\d$/.test(name))
  t.same(backends, ['b1', 'b2', 'b3'])
  for (const name of backends) {
    t.match(config, `aliases: ['${name}:8080']`)
    t.match(config, `probe: http://${name}:8080/healthz`)
  }
  t.match(balancer, `reverse_proxy ${backends.map((name) => `${name}:8080`).join(' ')}`)
})

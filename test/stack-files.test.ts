/** What the stack and its guides take from this repository is there, and is understood. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { parse } from 'yaml'
import { mountsOf, readCompose, type Service } from './support/compose-file.ts'
import { blocksOf } from './support/markdown.ts'

const root = new URL('../', import.meta.url)
const path = (name: string) => fileURLToPath(new URL(name, root))
const read = (name: string) => readFileSync(path(name), 'utf8')
const { services } = readCompose(read('docker-compose.monitoring.yml'))
const service = (name: string) => services[name] as Service

t.test('every file that is mounted is there', async (t) => {
  const files = Object.values(services)
    .flatMap(mountsOf)
    .map(({ from }) => from)
    .filter((from) => from.startsWith('./'))
  t.ok(files.includes('./docker/demo/lb.Caddyfile'))
  for (const file of new Set(files)) t.ok(existsSync(path(file)), file)
})

t.test('every program that is started is there', async (t) => {
  const commands = Object.values(services).map(({ command = [] }) => command)
  const programs = commands.filter(([first]) => first === 'node').map(([, program]) => `${program}`)
  t.ok(programs.length >= 5)
  for (const program of new Set(programs)) t.ok(existsSync(path(program)), program)
})

function checkConfig(file: string) {
  const args = [path('exporter/main.ts'), 'check-config', '--config.file', file]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

t.test('the exporter takes the configuration of each profile', async (t) => {
  for (const profile of ['live', 'demo', 'replay']) {
    const { status, said } = checkConfig(path(`docker/${profile}/exporter.yml`))
    t.equal(status, 0, `${profile}: ${said}`)
    t.match(said, 'the configuration is good', profile)
  }
})

const PAGES = ['deploy/caddy', 'deploy/haproxy', 'deploy/nginx', 'guide-moodle', 'troubleshooting']

t.test('the exporter takes the configurations of the guides', async (t) => {
  let found = 0
  for (const page of PAGES) {
    const configs = blocksOf(read(`docs/${page}.md`)).filter(({ text }) => /^sources:/m.test(text))
    for (const { text } of configs) {
      found += 1
      const file = `${t.testdir({ 'config.yml': text })}/config.yml`
      const { status, said } = checkConfig(file)
      t.equal(status, 0, `${page}: ${said}`)
    }
  }
  t.equal(found, 4)
})

t.test('every link of the guides leads somewhere', async (t) => {
  for (const page of PAGES) {
    const file = new URL(`docs/${page}.md`, root)
    const links = [...read(`docs/${page}.md`).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
    t.ok(links.length > 0, page)
    for (const [, link = ''] of links) t.ok(existsSync(new URL(link, file)), `${page}: ${link}`)
  }
})

t.test('every metric of the guides is one of ours', async (t) => {
  const known = read('docs/metrics.md')
  const rules = read('alerts/recording.rules.yml')
  for (const page of PAGES) {
    for (const [name] of read(`docs/${page}.md`).matchAll(/(?<![\w:])quic_\w+|\w+:quic_[\w:]+/g)) {
      if (name.includes(':')) t.match(rules, `record: ${name}\n`, `${page}: ${name}`)
      else if (!NO_METRICS.has(name))
        t.match(known, `\`${name.replace(/_(bucket|count)$/, '')}\``, `${page}: ${name}`)
    }
  }
})

t.test('Prometheus finds its rules, the exporter and Alertmanager', async (t) => {
  const mount = mountsOf(service('prometheus')).find(({ to }) => to === '/etc/prometheus')
  t.equal(mount?.from, './alerts')
  t.ok(service('prometheus').command?.includes('--config.file=/etc/prometheus/prometheus.yml'))
  const {
    global,
    rule_files: patterns,
    scrape_configs: jobs,
    alerting,
  } = parse(read('alerts/prometheus.yml'))
  t.equal(global.scrape_interval, '15s')
  const [exporter] = jobs.filter((job: { job_name: string }) => job.job_name.startsWith('quic-lb'))
  t.equal(exporter.scrape_interval, '5s')
  t.same(exporter.static_configs[0].targets, ['exporter:19114'])
  t.same(alerting.alertmanagers[0].static_configs[0].targets, ['alertmanager:9093'])
  // Relative to the file: they lie beside it.
  t.same(patterns, ['*.rules.yml'])
  t.ok(readdirSync(path('alerts')).some((name) => name.endsWith('.rules.yml')))
  for (const target of jobs.flatMap((job: Job) => job.static_configs[0]?.targets ?? [])) {
    const [host = ''] = target.split(':')
    t.ok(host === 'localhost' || services[host], target)
  }
})

t.test('Grafana finds Prometheus and the dashboards', async (t) => {
  const mounts = mountsOf(service('grafana'))
  const { datasources } = parse(read('dashboards/provisioning/datasources.yml'))
  t.match(datasources, [{ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true }])
  const { providers } = parse(read('dashboards/provisioning/dashboards.yml'))
  const folder = mounts.find(({ from }) => from === './dashboards')?.to
  t.equal(providers[0].options.path, folder)
  t.ok(readdirSync(path('dashboards')).filter((name) => name.endsWith('.json')).length >= 7)
})

/** Of nginx's log format; a pattern. */
const NO_METRICS = new Set(['quic_lb', 'quic_exporter_'])

interface Job {
  readonly static_configs: readonly { readonly targets: readonly string[] }[]
}

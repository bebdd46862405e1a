/** No address, header, path, token or connection id of any recording is on the page, or in the log. */
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { dialects, logDialects, polledDialectNamed } from '../qlog-parsers/index.ts'
import { replayPage } from '../scripts/snap/goldens.ts'
import { start } from './live/processes.ts'
import { FIXTURES, fixtures, logFixtures } from './support/fixtures.ts'
import { until } from './support/until.ts'

const MAIN = join(import.meta.dirname, '../exporter/main.ts')

const RS = 0x1e
/** A header's value may be the name of an implementation: that is a dialect's name, too. */
const OWN_WORDS = new Set([...dialects, ...logDialects].map(({ name }) => name))

/** Recordings of nothing but counters. */
const NOTHING_TO_HIDE = new Set(['haproxy-stats/haproxy-lb-promex'])

/** Keys of qlog records and log lines whose values say who somebody is, where from, or what they wanted. */
const TELLING =
  /^(dcid|scid|(src|dst)_(ip|cid)|.*connection_ids?|group_id|odcid|ip_v[46]|ip|.*token|data|reason|value|host|uri|path|server_name|remote_(addr|ip)|client_ip|referer|user-agent|ci|u|authority|.*downstream_remote_address|clienthost|requestpath|requesthost)$/i
const ADDRESS = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{2,5})?\b/g
const PATHS = /(?<=[ "])\/[a-z0-9_.-]+\/[\w./%?=&-]+/gi
const LONG_HEX = /\b[0-9a-f]{8,}\b/gi

/** Everything in a recording that must not be told. Words and numbers of the page's own are none of it. */
function secretsOf(content: string): Set<string> {
  const secrets = new Set<string>()
  const add = (text: string) => {
    const isNumber = /^[\d.]+$/.test(text) && text.split('.').length !== 4
    if (text.length >= 6 && !isNumber && !OWN_WORDS.has(text)) secrets.add(text)
  }
  const walk = (value: unknown, telling: boolean): void => {
    if (typeof value === 'string') {
      if (telling) add(value)
    } else if (Array.isArray(value)) for (const one of value) walk(one, telling)
    else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) {
        // `data` is an event's own, or the eight bytes of a path's challenge.
        const isEvent = key === 'data' && typeof inner === 'object'
        walk(inner, telling || (TELLING.test(key) && !isEvent))
      }
    }
  }
  for (const line of content.split('\n')) {
    try {
      walk(JSON.parse(line.charCodeAt(0) === RS ? line.slice(1) : line), false)
    } catch {
      // No JSON: its words are looked at below.
    }
  }
  for (const [address] of content.matchAll(ADDRESS)) add(address)
  for (const [path] of content.matchAll(PATHS)) add(path)
  for (const [hex] of content.matchAll(LONG_HEX)) if (/[a-f]/i.test(hex)) add(hex)
  return secrets
}

/** Which secrets a text holds, a few of them. */
function found(text: string, secrets: ReadonlySet<string>): string[] {
  return [...secrets].filter((secret) => text.includes(secret)).slice(0, 5)
}

const recordings = [
  ...fixtures().map(({ path, name }) => ({ path, name, args: [] as readonly string[] })),
  ...logFixtures(),
]

for (const { name, path, args } of recordings) {
  t.test(`${name}: the page says nothing of anybody`, async (t) => {
    const secrets = secretsOf(readFileSync(path, 'utf8'))
    const own = readFileSync(join(FIXTURES, `${name}.prom`), 'utf8')
    t.equal(secrets.size > 0, !NOTHING_TO_HIDE.has(name), 'whether it has something to hide')
    for (const page of [own, await replayPage(...args, path)]) {
      t.same(found(page.replace(/^# .*$/gm, ''), secrets), [])
    }
  })
}

t.test('nor does the log of the process that reads them all, good and bad', async (t) => {
  const root = t.testdir({ qlog: {} })
  const secrets = new Set<string>()
  for (const [index, { path }] of recordings.entries()) {
    const content = readFileSync(path, 'utf8')
    for (const secret of secretsOf(content)) secrets.add(secret)
    const id = `${(0x2e0908d79fdbn + BigInt(index)).toString(16)}cc572385ea99`
    secrets.add(id)
    copyFileSync(path, join(root, 'qlog', `${id}-${basename(path)}.sqlog`))
    // What cannot be read is told, and not by its name.
    if (index === 0) writeFileSync(join(root, 'qlog', `${id}-bad.sqlog`), `${content}\n{"name":`)
    if (index === 1) {
      mkdirSync(join(root, 'qlog', `${id}-directory.sqlog`))
      chmodSync(join(root, 'qlog', `${id}-${basename(path)}.sqlog`), 0)
    }
  }
  const sources = ['--qlog-dir', join(root, 'qlog'), '--start-at', 'beginning']
  const { page, stderr } = await served(t, ...sources)
  t.match(page, /^quic_connections_total\{source="qlog"\} [1-9]/m)
  t.same(found(page.replace(/^# .*$/gm, ''), secrets), [])
  t.match(stderr, /"msg":"quic-lb-exporter serves"/)
  t.same(found(stderr, secrets), [])
})

t.test('nor where every log is read as what it is, and as something else', async (t) => {
  const root = t.testdir({})
  const secrets = new Set<string>()
  const logs = logFixtures().filter(({ dialect }) => polledDialectNamed(dialect) === undefined)
  const sources = logs.flatMap(({ path, dialect }, index) => {
    for (const secret of secretsOf(readFileSync(path, 'utf8'))) secrets.add(secret)
    return [dialect, dialect === 'caddy' ? 'nginx-json' : 'caddy'].map((read, place) => {
      const file = join(root, `${index}-${place}.log`)
      copyFileSync(path, file)
      const fields = read === 'mapped' ? { fields: { status: 'http.response.status' } } : {}
      const name = `s${index}-${place}`
      return { name, paths: [file], dialect: read, start_at: 'beginning', ...fields }
    })
  })
  const config = join(root, 'config.yml')
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ sources }))
  const { page, stderr } = await served(t, '--config.file', config)
  t.match(page, /^quic_lb_requests_total\{.*\} [1-9]/m)
  t.same(found(page.replace(/^# .*$/gm, ''), secrets), [])
  t.match(stderr, /"msg":"files that are not read"/, 'wrong dialects were told')
  t.same(found(stderr, secrets), [])
})

async function served(t: Test, ...flags: readonly string[]) {
  const exporter = start(t, {
    program: process.execPath,
    args: [MAIN, ...flags, ...['--web.listen-address', '127.0.0.1:0']],
  })
  const options = { withinMs: 60_000 }
  const url = await until(
    'the address that it listens on',
    () => /http:\/\/127\.0\.0\.1:\d+/.exec(exporter.stderr())?.[0],
    options,
  )
  const ready = async () => (await fetch(`${url}/-/ready`)).ok
  await until('everything was read', ready, options)
  const page = await (await fetch(`${url}/metrics`)).text()
  // Where it listens itself is no secret.
  return { page, stderr: exporter.stderr().replaceAll(url, '') }
}

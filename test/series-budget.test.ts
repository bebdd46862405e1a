/** How many series a usual set-up has: one qlog directory, one request log, ten backends under probe, one front door. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { start } from './live/processes.ts'
import { FIXTURES } from './support/fixtures.ts'
import { parsePage, total } from './support/page.ts'
import { startHealthServer } from './support/probing.ts'
import { helloFrames, serverInitial, startUdp, versionsPacket } from './support/quic-server.ts'
import { until } from './support/until.ts'

const MAIN = join(import.meta.dirname, '../exporter/main.ts')
const MOST_SERIES = 1200
const MOST_BYTES = 1_000_000
/** What docs/metrics.md says of it; `npm run docs` copies it from here. */
const RECORDED = join(FIXTURES, 'series.json')

t.test('the reference set-up stays within its budget', async (t) => {
  const root = t.testdir({})
  const health = await startHealthServer(t)
  const front = await startUdp(t, (asked, reply) => {
    reply(
      asked.versionNumber === 1
        ? serverInitial(asked, helloFrames())
        : versionsPacket(asked, [0x00000001, 0x6b3343cf]),
    )
  })
  const qlog = join(root, 'qlog')
  mkdirSync(qlog)
  for (const name of ['clean', 'loss5', 'rebind2']) {
    copyFileSync(join(FIXTURES, `quic-go/${name}.sqlog`), join(qlog, `${name}.sqlog`))
  }
  copyFileSync(join(FIXTURES, 'caddy/upstreams.log'), join(root, 'access.log'))
  const config = join(root, 'config.yml')
  const backends = Array.from({ length: 10 }, (_, i) => ({
    name: `b${i}`,
    aliases: [`127.0.0.1:${9000 + i}`],
    probe: health.url,
  }))
  const targets = [{ name: 'front', address: `127.0.0.1:${front.port}` }]
  // As soon as may be, so that the page has all that there ever is.
  const probes = { interval: '1s', timeout: '900ms' }
  const sources = [
    { name: 'qlog', paths: [qlog], start_at: 'beginning' },
    { name: 'lb', paths: [join(root, 'access.log')], dialect: 'caddy', start_at: 'beginning' },
  ]
  const web = { listen: ['127.0.0.1:0'] }
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ sources, backends, targets, probes, web }))
  const exporter = start(t, { program: process.execPath, args: [MAIN, '--config.file', config] })
  const options = { withinMs: 30_000 }
  const url = await until(
    'the address that it listens on',
    () => /http:\/\/127\.0\.0\.1:\d+/.exec(exporter.stderr())?.[0],
    options,
  )
  const ready = async () => (await fetch(`${url}/-/ready`)).ok
  await until('everything was read', ready, options)
  const page = async () => (await fetch(`${url}/metrics`)).text()
  const isProbed = async () => {
    const now = parsePage(await page())
    const success = total(now, 'quic_probe_success')
    return total(now, 'quic_lb_backend_up') === 10 && success === 2
  }
  await until('everything was probed', isProbed, options)
  // Since the front door was asked, every trace that begins may be a probe's.
  copyFileSync(join(FIXTURES, 'quic-go/reorder.sqlog'), join(qlog, 'later.sqlog'))
  const own = 'quic_exporter_own_probe_traces_total'
  await until('a trace after a probe', async () => parsePage(await page()).has(own), options)
  const text = await page()
  const families = [...parsePage(text).values()]
  const counts = families.map(({ name, samples }) => [name, samples.length] as const)
  counts.sort(([a, more], [b, less]) => less - more || (a < b ? -1 : 1))
  for (const [name, series] of counts.slice(0, 12)) t.comment(`${series} ${name}`)
  const all = counts.reduce((sum, [, series]) => sum + series, 0)
  t.comment(`${all} series, ${text.length} bytes`)
  t.ok(all > 900, 'all of it is on the page')
  t.ok(all <= MOST_SERIES, `${all} series`)
  t.ok(text.length < MOST_BYTES, `${text.length} bytes`)
  const ours = counts.filter(([name]) => name.startsWith('quic_'))
  const theirs = all - ours.reduce((sum, [, series]) => sum + series, 0)
  const table = Object.fromEntries([...ours, ['process_*, nodejs_*', theirs]])
  const recorded = `${JSON.stringify(table, null, 2)}\n`
  if (process.env.TAP_SNAPSHOT === '1') writeFileSync(RECORDED, recorded)
  const how = 'the count of each family is the recorded one: tap --snapshot, then npm run docs'
  t.equal(recorded, readFileSync(RECORDED, 'utf8'), how)
})

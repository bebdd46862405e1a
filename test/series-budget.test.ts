/** How many series a usual set-up has: one qlog directory, one request log, ten backends. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { start } from './live/processes.ts'
import { FIXTURES } from './support/fixtures.ts'
import { parsePage } from './support/page.ts'
import { until } from './support/until.ts'

const MAIN = join(import.meta.dirname, '../exporter/main.ts')
const MOST_SERIES = 1200
const MOST_BYTES = 1_000_000

t.test('the reference set-up stays within its budget', async (t) => {
  const root = t.testdir({})
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
  }))
  const sources = [
    { name: 'qlog', paths: [qlog], start_at: 'beginning' },
    { name: 'lb', paths: [join(root, 'access.log')], dialect: 'caddy', start_at: 'beginning' },
  ]
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ sources, backends, web: { listen: ['127.0.0.1:0'] } }))
  const exporter = start(t, { program: process.execPath, args: [MAIN, '--config.file', config] })
  const options = { withinMs: 30_000 }
  const url = await until(
    'the address that it listens on',
    () => /http:\/\/127\.0\.0\.1:\d+/.exec(exporter.stderr())?.[0],
    options,
  )
  const ready = async () => (await fetch(`${url}/-/ready`)).ok
  await until('everything was read', ready, options)
  const text = await (await fetch(`${url}/metrics`)).text()
  const families = [...parsePage(text).values()]
  const counts = families.map(({ name, samples }) => ({ name, series: samples.length }))
  for (const { name, series } of counts.sort((a, b) => b.series - a.series).slice(0, 12)) {
    t.comment(`${series} ${name}`)
  }
  const all = counts.reduce((sum, { series }) => sum + series, 0)
  t.comment(`${all} series, ${text.length} bytes`)
  t.ok(all > 600, 'both sources are on the page')
  t.ok(all <= MOST_SERIES, `${all} series`)
  t.ok(text.length < MOST_BYTES, `${text.length} bytes`)
})

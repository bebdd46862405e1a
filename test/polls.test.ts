/** Balancers that are asked: one by one, in their own time, exactly, and only as long as they are wanted. */
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Exporter } from '../exporter/exporter.ts'
import { createLogger } from '../exporter/logging.ts'
import { QUESTIONS } from '../exporter/polls/index.ts'
import { polledStates } from '../qlog-parsers/index.ts'
import { showStat } from './support/answers.ts'
import { askedByHttp, askedBySocket, asking } from './support/asked.ts'
import {
  caddyAt,
  failures,
  GOOD,
  haproxyAt,
  lifeOf,
  pageOf,
  socketPath,
  value,
} from './support/asking.ts'
import { parsePage } from './support/page.ts'
import type { Life } from './support/restarts.ts'
import { until } from './support/until.ts'

t.test('what is asked is what is documented', async (t) => {
  const paths: string[] = []
  const server = await askedByHttp(t, (response, path) => {
    paths.push(path)
    response.end(GOOD)
  })
  const life = await lifeOf(
    t,
    asking({
      a: caddyAt(server.url),
      b: caddyAt(`${server.url}/behind/upstreams?x=1`),
      c: haproxyAt(`${server.url}/metrics`),
      d: haproxyAt(`${server.url}/metrics?extra-counters`),
    }),
  )
  await life.look()
  t.same(paths.sort(), [
    '/behind/upstreams?x=1',
    '/metrics?extra-counters',
    '/metrics?extra-counters&scope=global&scope=frontend&scope=server',
    '/reverse_proxy/upstreams',
  ])
})

t.test('one that does not answer delays no other, and is not asked twice at once', async (t) => {
  const silent = await askedByHttp(t, () => undefined)
  const good = await askedByHttp(t, (response) => response.end(GOOD))
  const life = await lifeOf(t, asking({ silent: caddyAt(silent.url), good: caddyAt(good.url) }))
  const looks = [life.look(), life.look()]
  let goodFirst = false
  while (value(await pageOf(life), 'quic_exporter_source_up', { source: 'silent' }) === undefined) {
    goodFirst ||= value(await pageOf(life), 'quic_exporter_source_up', { source: 'good' }) === 1
    await delay(5)
  }
  t.ok(goodFirst, 'the other one answered meanwhile')
  await Promise.all(looks)
  t.equal(silent.questions, 1)
  t.same(failures(await pageOf(life), 'silent'), { timeout: 1 })
})

t.test('it asks by itself, again and again, until it is stopped', async (t) => {
  const caddy = await askedByHttp(t, (response) => response.end(GOOD))
  const life = await lifeOf(t, asking({ lb: caddyAt(caddy.url) }))
  life.start()
  while (caddy.questions < 3) await delay(20)
  await life.kill()
  const { questions } = caddy
  await life.look()
  t.equal(caddy.questions, questions)
})

t.test('stopping does not wait for an answer, and nothing is told after it', async (t) => {
  const caddy = await askedByHttp(t, () => undefined)
  const life = await lifeOf(
    t,
    asking({ lb: [...caddyAt(caddy.url).slice(0, 2), 'poll_interval: 1h'] }),
  )
  const look = life.look()
  while (caddy.questions === 0) await delay(5)
  await life.kill()
  await look
  t.same(failures(await pageOf(life), 'lb'), {})
})

t.test('a reload starts, stops and lets go on', async (t) => {
  const [one, two] = await Promise.all(
    [1, 2].map(() => askedByHttp(t, (response) => response.end(GOOD))),
  )
  if (one === undefined || two === undefined) return
  const life = await lifeOf(t, asking({ one: caddyAt(one.url) }))
  await life.look()
  await life.change(asking({ one: [...caddyAt(one.url).slice(0, 2), 'poll_interval: 2s'] }))
  await life.look()
  const kept = await pageOf(life)
  t.equal(value(kept, 'quic_exporter_records_total', { source: 'one' }), 2, 'it goes on')
  await life.change(asking({ one: caddyAt(two.url) }))
  await life.look()
  const moved = await pageOf(life)
  t.equal(value(moved, 'quic_exporter_records_total', { source: 'one' }), 1, 'it began anew')
  t.equal(one.questions, 2)
  await life.change(asking({ other: caddyAt(two.url) }))
  await life.look()
  const gone = await pageOf(life)
  t.equal(value(gone, 'quic_exporter_records_total', { source: 'one' }), undefined)
  t.equal(value(gone, 'quic_exporter_records_total', { source: 'other' }), 1)
})

t.test('counts are exact through the end of either process', async (t) => {
  const path = socketPath(t)
  let sent = 1000
  let pid = 1
  const haproxy = await askedBySocket(t, path, (socket) =>
    socket.end(showStat({ quic_sent_pkt: sent }, {}, `Name: x\nPid: ${pid}\n\n`)),
  )
  const config = asking({ lb: haproxyAt(haproxy.url) })
  const counted = async (life: Life) =>
    value(await pageOf(life), 'quic_packets_sent_total', { source: 'lb', packet_type: 'unknown' })

  const first = await lifeOf(t, config)
  await first.look()
  t.equal(await counted(first), 0, 'what was sent before us is not ours')
  sent += 10
  await first.look()
  const saved = first.image()
  sent += 5
  // Seen, but killed before it was saved.
  await first.look()
  t.equal(await counted(first), 15)
  await first.kill()

  sent += 7
  const second = await lifeOf(t, config, saved)
  t.equal(await counted(second), 10, 'as it was saved')
  await second.look()
  t.equal(await counted(second), 22, 'all that came since, once')
  const savedAgain = second.image()
  await second.kill()

  pid = 2
  sent = 1100
  const third = await lifeOf(t, config, savedAgain)
  await third.look()
  t.equal(await counted(third), 22 + 1100, 'HAProxy began anew meanwhile')
})

t.test('whoever does not answer holds up neither readiness nor the page nor the end', async (t) => {
  const silent = await askedByHttp(t, () => undefined)
  const config = asking({ silent: caddyAt(silent.url), gone: haproxyAt('unix:/nowhere/at/all') })
  const exporter = new Exporter(config, createLogger({ level: 'error', format: 'json' }))
  exporter.start()
  t.notOk(exporter.ready, 'nothing was asked yet')
  await until('it to be ready', () => exporter.ready, { withinMs: 10_000 })
  const page = parsePage(await exporter.page())
  for (const source of ['silent', 'gone']) {
    t.equal(value(page, 'quic_exporter_source_up', { source }), 0)
    t.equal(value(page, 'quic_lb_backend_reported_up', { source }), undefined)
  }
  await exporter.stop()
  t.equal(exporter.gate(), undefined)
})

t.test('a socket of level user names servers without addresses: said once', async (t) => {
  const place = socketPath(t)
  let addr = ''
  const head = '# pxname,svname,status,type,check_status,addr,'
  await askedBySocket(t, place, (socket) => {
    socket.end(`${head}\nweb,b1,UP,2,L4OK,${addr},\n\n`)
  })
  const discover = ['discover: true', 'discover_probe: http://*/']
  const config = asking({ lb: [...haproxyAt(`unix:${place}`), ...discover] })
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  const exporter = new Exporter(config, createLogger({ level: 'warn', format: 'logfmt', stream }))
  t.teardown(() => exporter.stop())
  const look = () => Promise.all(exporter.sources.all.map((source) => source.sweep()))
  const told = () => lines.filter((line) => /source=lb .*level operator/.test(line)).length
  await look()
  t.equal(told(), 1, lines.join(''))
  await look()
  t.equal(told(), 1)
  addr = '127.0.0.1:1'
  await look()
  addr = ''
  await look()
  t.equal(told(), 2, 'again after it was good')
})

t.test('every dialect that is polled has its question', async (t) => {
  t.same(
    Object.keys(QUESTIONS),
    polledStates.map(({ name }) => name),
  )
})

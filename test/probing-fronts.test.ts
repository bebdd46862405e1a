/** Front doors that are probed: what each answer becomes on the page, and HTTP versions side by side. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { closeFrame } from '../exporter/probers/quic/frames.ts'
import { QUIC_V1, QUIC_V2 } from '../exporter/probers/quic/versions.ts'
import { allSeries, nonZero, total } from './support/page.ts'
import { tlsFile } from './support/probe-look.ts'
import { closedPort } from './support/probe-servers.ts'
import { probingConfig, startProbing } from './support/probing.ts'
import {
  type Asked,
  helloFrames,
  retryPacket,
  serverInitial,
  startUdp,
  versionsPacket,
} from './support/quic-server.ts'

const SUCCESS = 'quic_probe_success'
const FAILED = 'quic_probes_failed_total'

type Mood = 'well' | 'retry' | 'close' | 'silent'

/** A front door whose answers change with its mood. */
async function startFront(t: Test) {
  const front = { mood: 'well' as Mood, versions: [QUIC_V1, QUIC_V2], port: 0 }
  const known = new Set([QUIC_V1, QUIC_V2])
  const withToken = ({ datagram }: Asked) => datagram.includes('a token')
  const { port } = await startUdp(t, (asked, reply) => {
    if (front.mood === 'silent') return
    if (!known.has(asked.versionNumber)) {
      reply(versionsPacket(asked, [0x1a2a3a4a, ...front.versions]))
    } else if (front.mood === 'close') reply(serverInitial(asked, closeFrame(0x178)))
    else if (front.mood === 'retry' && !withToken(asked)) reply(retryPacket(asked))
    else reply(serverInitial(asked, helloFrames()))
  })
  front.port = port
  return front
}

t.test('each answer is what it is on the page', async (t) => {
  const front = await startFront(t)
  const config = probingConfig(
    { targets: [{ name: 'front', address: `127.0.0.1:${front.port}` }] },
    { intervalMs: 60, timeoutMs: 400 },
  )
  const { page, untilTotal, lines } = startProbing(t, config)
  const first = await page()
  t.equal(total(first, SUCCESS), undefined, 'absent before the first answer')
  t.equal(total(first, 'quic_probes_total', { probe: 'initial' }), 0)
  t.equal(total(first, 'quic_probe_retries_total', { target: 'front' }), 0)
  t.notOk(first.has('quic_probe_version_supported'))
  t.notOk(first.has('quic_probe_close_code'))
  t.notOk(first.has('quic_probe_compared_rounds_total'), 'nothing is compared')

  await untilTotal(SUCCESS, {}, (sum) => sum === 2)
  const versions = () => page().then((now) => nonZero(now, 'quic_probe_version_supported'))
  t.same(await versions(), { 'front v1': 1, 'front v2': 1 })
  t.equal((await page()).get('quic_probe_version_supported')?.samples.length, 4)
  front.versions = [QUIC_V1, 0xff00001d, 0x51303530]
  await untilTotal('quic_probe_version_supported', { version: 'v2' }, (v2) => v2 === 0)
  t.same(await versions(), { 'front v1': 1, 'front draft29': 1, 'front other': 1 })

  front.mood = 'retry'
  await untilTotal('quic_probe_retries_total', {}, (count) => (count ?? 0) > 0)

  front.mood = 'close'
  await untilTotal(SUCCESS, { probe: 'initial' }, (value) => value === 0)
  await untilTotal('quic_probe_close_code', { probe: 'initial' }, (code) => code === 0x178)
  await untilTotal(FAILED, { reason: 'close' }, (count) => (count ?? 0) > 0)
  t.equal(
    total(await page(), SUCCESS, { probe: 'version_negotiation' }),
    1,
    'it still answers that',
  )

  front.mood = 'silent'
  await untilTotal(SUCCESS, {}, (sum) => sum === 0)
  await untilTotal(FAILED, { reason: 'timeout' }, (count) => (count ?? 0) >= 2)
  front.mood = 'well'
  await untilTotal(SUCCESS, {}, (sum) => sum === 2)
  const told = lines.filter((line) => line.includes('probe=initial')).map((line) => line.trim())
  t.match(told[0], /msg="a front door answers"/)
  t.match(told[1], /msg="a front door does not answer as it should".*reason=close/)
  t.match(told.at(-1) ?? '', /msg="a front door answers"/)
  t.ok(told.length <= 6, 'what does not change is not told again')
})

t.test('reasons are those that a rung has, and dns only of a name', async (t) => {
  const port = await closedPort()
  const config = probingConfig(
    {
      targets: [
        { name: 'literal', address: `127.0.0.1:${port}`, probes: ['version_negotiation'] },
        { name: 'named', address: `localhost:${port}` },
      ],
    },
    { intervalMs: 3_600_000 },
  )
  const samples = (await startProbing(t, config).page()).get(FAILED)?.samples ?? []
  const of = (target: string, probe: string) =>
    samples
      .filter(({ labels }) => labels.target === target && labels.probe === probe)
      .map(({ labels }) => labels.reason)
      .join(' ')
  t.equal(of('literal', 'version_negotiation'), 'timeout refused protocol other')
  t.equal(of('literal', 'initial'), '')
  t.equal(of('named', 'version_negotiation'), 'timeout refused dns protocol other')
  t.equal(of('named', 'initial'), 'timeout refused dns version retry close protocol other')
})

t.test('HTTP versions are compared by rounds in which both answer', async (t) => {
  const options = {
    allowHTTP1: true,
    cert: readFileSync(tlsFile('server')),
    key: readFileSync(tlsFile('key')),
  }
  const versions: string[] = []
  const server = createSecureServer(options, (request, response) => {
    versions.push(request.httpVersion)
    response.end('ok')
  })
  const open = new Set<Socket>()
  server.on('connection', (socket) => open.add(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    if (!server.listening) return
    server.close()
    for (const socket of open) socket.destroy()
    await once(server, 'close')
  }
  t.teardown(close)
  const config = probingConfig(
    {
      modules: [{ name: 'campus', ca_file: tlsFile('ca'), server_name: 'localhost' }],
      targets: [
        {
          name: 'front',
          address: `127.0.0.1:${await closedPort()}`,
          probes: ['version_negotiation'],
          compare: `https://127.0.0.1:${port}/`,
          compare_module: 'campus',
        },
      ],
    },
    { intervalMs: 60, timeoutMs: 2000 },
  )
  const { page, untilTotal, lines } = startProbing(t, config)
  t.equal(total(await page(), 'quic_probe_compared_rounds_total'), 0)
  await untilTotal('quic_probe_compared_rounds_total', { target: 'front' }, (n) => (n ?? 0) >= 4)
  const seconds = async (protocol: string) =>
    total(await page(), 'quic_probe_compared_seconds_total', { protocol }) ?? 0
  t.ok((await seconds('http/1.1')) > 0)
  t.ok((await seconds('h2')) > 0)
  t.ok(versions.includes('1.1') && versions.includes('2.0'))
  await close()
  const uncounted = (protocol: string) =>
    untilTotal('quic_probe_uncounted_rounds_total', { protocol }, (count) => (count ?? 0) >= 2)
  await uncounted('http/1.1')
  await uncounted('h2')
  const now = await page()
  const rounds = total(now, 'quic_probe_compared_rounds_total')
  const sums = [await seconds('http/1.1'), await seconds('h2')]
  await untilTotal('quic_probe_uncounted_rounds_total', { protocol: 'h2' }, (n) => (n ?? 0) >= 4)
  t.equal(total(await page(), 'quic_probe_compared_rounds_total'), rounds)
  t.same([await seconds('http/1.1'), await seconds('h2')], sums, 'failures confound nothing')
  t.match(lines.join(''), /msg="HTTP versions are compared"/)
  t.match(lines.join(''), /msg="HTTP versions cannot be compared".*reason=refused/)
})

t.test('a front door that is changed begins anew, the others do not', async (t) => {
  const [one, two] = [await startFront(t), await startFront(t)]
  const target = (name: string, port: number) => ({ name, address: `127.0.0.1:${port}` })
  const config = (...targets: readonly object[]) =>
    probingConfig({ targets }, { intervalMs: 60, timeoutMs: 400 })
  const { probing, page, untilTotal } = startProbing(
    t,
    config(target('a', one.port), target('b', one.port), target('c', one.port)),
  )
  await untilTotal(SUCCESS, {}, (sum) => sum === 6)
  const before = total(await page(), 'quic_probes_total', { target: 'a' }) ?? 0
  probing.change(config(target('a', one.port), target('b', two.port)))
  const now = await page()
  t.ok((total(now, 'quic_probes_total', { target: 'a' }) ?? 0) >= before)
  t.equal(total(now, SUCCESS, { target: 'a' }), 2)
  t.equal(total(now, 'quic_probes_total', { target: 'b' }), 0)
  t.equal(total(now, SUCCESS, { target: 'b' }), undefined)
  t.notOk([...allSeries(now)].some((series) => series.includes('target=c')))
  await untilTotal(SUCCESS, { target: 'b' }, (sum) => sum === 2)
})

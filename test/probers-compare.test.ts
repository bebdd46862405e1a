/** The same target by several protocols: each is as often first, and only rounds without confounders count. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createServer2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Comparison } from '../exporter/probers/compare.ts'
import { backendProber } from '../exporter/probers/index.ts'
import type { ProbeResult, Prober } from '../exporter/probers/prober.ts'
import { http, local } from './support/probe-look.ts'
import { closedPort } from './support/probe-servers.ts'

const limit = () => AbortSignal.timeout(20_000)
const note = () => undefined

t.test('one after the other, each as often first as the other', async (t) => {
  let atWork = 0
  let most = 0
  const counting = (port: number, version: 'http/1.1' | 'h2'): Prober => {
    const prober = backendProber({ kind: 'http', endpoint: local(port), http: http({ version }) })
    return async (signal, note) => {
      atWork += 1
      most = Math.max(most, atWork)
      const result = await prober(signal, note)
      atWork -= 1
      return result
    }
  }
  const servers = [
    createServer((_, response) => response.end()),
    createServer2((_, response) => response.end()),
  ]
  const ports = await Promise.all(
    servers.map(async (server) => {
      await once(server.listen(0, '127.0.0.1'), 'listening')
      t.teardown(() => server.close())
      return (server.address() as AddressInfo).port
    }),
  )
  const [h1 = 0, h2 = 0] = ports
  const probers = { 'http/1.1': counting(h1, 'http/1.1'), h2: counting(h2, 'h2') }
  const lots = [0, 0.5]
  const comparison = new Comparison(probers, () => lots.shift() ?? 1)
  const orders: string[][] = []
  const lines: string[] = []
  for (let round = 0; round < 4; round += 1) {
    const { counts, results } = await comparison.round(limit, (line) => lines.push(line))
    t.equal(counts, true)
    for (const { failure, durationUs } of results.values()) {
      t.equal(failure, undefined)
      t.ok(durationUs > 0)
    }
    orders.push([...results.keys()])
  }
  t.same(orders, [
    ['http/1.1', 'h2'],
    ['h2', 'http/1.1'],
    ['h2', 'http/1.1'],
    ['http/1.1', 'h2'],
  ])
  t.equal(most, 1)
  t.ok(lines.includes('h2: status 200') && lines.includes('http/1.1: status 200'))
})

const healthy: ProbeResult = { failure: undefined, durationUs: 1000, phasesUs: {} }

t.test('servers that a balancer takes in turns are shared by all protocols', async (t) => {
  const rounds = 2000
  for (const servers of [2, 3, 4, 6, 8]) {
    let asked = 0
    const byServer = Array.from({ length: servers }, () => ({ a: 0, b: 0 }))
    const prober = (protocol: 'a' | 'b') => async () => {
      const server = byServer[asked % servers]
      if (server) server[protocol] += 1
      asked += 1
      return healthy
    }
    const comparison = new Comparison({ a: prober('a'), b: prober('b') })
    const never = () => new AbortController().signal
    for (let round = 0; round < rounds; round += 1) await comparison.round(never, note)
    for (const { a, b } of byServer) {
      // Six standard deviations of as many lots as there are pairs of rounds.
      t.ok(Math.abs(a - b) < 6 * Math.sqrt(rounds), `${servers} servers: ${a} and ${b}`)
      t.ok(Math.abs(a + b - (2 * rounds) / servers) < 2)
    }
  }
})

t.test('a round with a failure does not count, and all are looked at nevertheless', async (t) => {
  const port = await closedPort()
  const failing = backendProber({ kind: 'tcp', endpoint: local(port) })
  const comparison = new Comparison({ 'http/1.1': failing, h2: async () => healthy })
  for (let round = 0; round < 2; round += 1) {
    const { counts, results } = await comparison.round(limit, note)
    t.equal(counts, false)
    t.equal(results.get('http/1.1')?.failure, 'refused')
    t.equal(results.get('h2'), healthy)
  }
})

t.test('what began more than a second later is another moment', async (t) => {
  const slow = async () => {
    await delay(1050)
    return healthy
  }
  const comparison = new Comparison({ 'http/1.1': slow, h2: async () => healthy }, () => 0)
  t.equal((await comparison.round(limit, note)).counts, false, 'the slow one first')
  t.equal((await comparison.round(limit, note)).counts, true, 'the slow one last')
})

t.test('each look has its own time', async (t) => {
  const given: AbortSignal[] = []
  const prober: Prober = async (signal) => {
    given.push(signal)
    return healthy
  }
  await new Comparison({ a: prober, b: prober, c: prober }).round(limit, note)
  t.equal(new Set(given).size, 3)
})

/** What a balancer in good and in bad days writes: a qlog directory, a request log, a log of its breakers. */
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { freshCopy } from '../../scripts/demo/fresh-copy.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')

/** One connection each a second: with 5 % loss and a client that changes address, or nothing special. */
const BAD_DAY = ['loss5', 'client-natrebind']
const GOOD_DAY = ['clean', 'clean']
const REQUESTS_EACH_SECOND = 10

/** The streams of one balancer, written once a second until the test ends. */
export interface Streams {
  /** Configuration of an exporter that reads them. */
  readonly configFile: string
  /** Whether clients lose packets, and one request in five an answer. */
  bad: boolean
  /** The breaker of b2 enters a state. */
  breaker(state: 'open' | 'closed'): Promise<void>
}

/** Begins to write under the directory; the backends, by name, are probed at their addresses. */
export async function startStreams(
  t: Test,
  directory: string,
  backends: Readonly<Record<string, string>>,
): Promise<Streams> {
  const qlog = join(directory, 'qlog')
  const requests = join(directory, 'access.log')
  const events = join(directory, 'events.ndjson')
  const configFile = join(directory, 'exporter.yml')
  await mkdir(qlog)
  await writeFile(requests, '')
  await writeFile(events, `${JSON.stringify({ type: 'hello', events: ['circuit_breaker'] })}\n`)
  await writeFile(configFile, configOf(qlog, requests, events, backends))
  const streams: Streams = {
    configFile,
    bad: false,
    breaker: (state) =>
      line(events, { type: 'circuit_breaker', backend: 'b2', event: 'transition', state }),
  }
  await streams.breaker('closed')
  const over = new AbortController()
  const written = writeOn(streams, qlog, requests, over.signal)
  t.teardown(async () => {
    over.abort()
    await written
  })
  return streams
}

async function writeOn(
  streams: Streams,
  qlog: string,
  requests: string,
  signal: AbortSignal,
): Promise<void> {
  const names = [...new Set([...BAD_DAY, ...GOOD_DAY])]
  const recordings = new Map<string, string>()
  for (const name of names) {
    recordings.set(name, await readFile(join(FIXTURES, 'quic-go', `${name}.sqlog`), 'latin1'))
  }
  const request = await recordedRequest()
  while (!signal.aborted) {
    const { bad } = streams
    for (const name of bad ? BAD_DAY : GOOD_DAY) {
      const { id, text } = freshCopy(recordings.get(name) ?? '', Date.now())
      await writeFile(join(qlog, `${id}_server.sqlog`), text, 'latin1')
    }
    const answers = Array.from({ length: REQUESTS_EACH_SECOND }, (_, index) =>
      JSON.stringify({
        ...request,
        ts: Date.now() / 1000,
        status: bad && index % 5 === 0 ? 502 : 200,
      }),
    )
    await appendFile(requests, `${answers.join('\n')}\n`)
    await delay(1000, undefined, { signal }).catch(() => {})
  }
}

/** A request over HTTP/3 that Caddy logged. */
async function recordedRequest(): Promise<Record<string, unknown>> {
  const log = await readFile(join(FIXTURES, 'caddy/upstreams.log'), 'utf8')
  const found = log.split('\n').find((text) => text.includes('"HTTP/3.0"'))
  if (found === undefined) throw new Error('no HTTP/3 in the recorded log')
  return JSON.parse(found)
}

function line(file: string, event: Readonly<Record<string, unknown>>): Promise<void> {
  return appendFile(file, `${JSON.stringify({ ...event, time: Date.now() / 1000 })}\n`)
}

function configOf(
  qlog: string,
  requests: string,
  events: string,
  backends: Readonly<Record<string, string>>,
): string {
  const probed = Object.entries(backends).map(
    ([name, address]) =>
      `  - { name: ${name}, aliases: ['${address}'], probe: 'http://${address}/healthz' }\n`,
  )
  return `sources:
  - name: qlog
    paths: [${JSON.stringify(qlog)}]
    start_at: beginning
  - name: requests
    paths: [${JSON.stringify(requests)}]
    dialect: caddy
    start_at: beginning
  - name: breakers
    paths: [${JSON.stringify(events)}]
    dialect: lb-events
    start_at: beginning
backends:
${probed.join('')}probes: { interval: 1s, timeout: 500ms, rise: 2, fall: 2 }
tail:
  sweep_interval: 250ms
`
}

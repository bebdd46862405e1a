/** A real Alertmanager with the shipped configuration; what it sends comes to us. */
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { Test } from 'tap'
import { parse, stringify } from 'yaml'
import { until } from '../support/until.ts'
import { peer } from './peers.ts'
import { freePort, start } from './processes.ts'

const SHIPPED = join(import.meta.dirname, '../../alerts/alertmanager.yml')

/** One alert in a notification. */
export interface Delivered {
  /** The receiver of alertmanager.yml. */
  readonly receiver: string
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** An alert as Alertmanager knows it. */
export interface KnownAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] }
}

/** A running Alertmanager. */
export interface Alertmanager {
  readonly address: string
  /** All that was delivered so far, in order. */
  readonly delivered: readonly Delivered[]
  /** Tells it of alerts as Prometheus does. */
  post(alerts: readonly Readonly<Record<string, string>>[]): Promise<void>
  known(): Promise<readonly KnownAlert[]>
}

interface Configuration {
  readonly route: Readonly<Record<string, unknown>>
  readonly receivers: readonly { readonly name: string }[]
}

/** Starts it with the shipped routes and inhibitions, every receiver a webhook of ours, and little patience. */
export async function startAlertmanager(t: Test, directory: string): Promise<Alertmanager> {
  const home = join(directory, 'alertmanager')
  await mkdir(home)
  const delivered: Delivered[] = []
  const receiver = await startReceiver(t, delivered)
  const shipped = parse(await readFile(SHIPPED, 'utf8')) as Configuration
  const configuration = {
    ...shipped,
    route: { ...shipped.route, group_wait: '1s', group_interval: '1s' },
    receivers: shipped.receivers.map(({ name }) => ({
      name,
      webhook_configs: [{ url: `${receiver}/${name}`, send_resolved: true }],
    })),
  }
  await writeFile(join(home, 'alertmanager.yml'), stringify(configuration))
  const address = `127.0.0.1:${await freePort()}`
  const running = start(t, {
    program: peer('prometheus-alertmanager'),
    args: [
      ...['--config.file', 'alertmanager.yml', '--storage.path', 'data', '--log.level', 'warn'],
      ...['--web.listen-address', address, '--cluster.listen-address='],
    ],
    cwd: home,
  })
  const get = (path: string, init?: RequestInit) => fetch(`http://${address}${path}`, init)
  const isReady = async () => {
    if (!running.isRunning()) throw new Error(`Alertmanager ended: ${running.stderr()}`)
    const answer = await get('/-/ready').catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok
  }
  await until('Alertmanager to be ready', isReady, { withinMs: 30_000, everyMs: 100 })
  return {
    address,
    delivered,
    post: async (alerts) => {
      const answer = await get('/api/v2/alerts', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts.map((labels) => ({ labels }))),
      })
      if (!answer.ok) throw new Error(`Alertmanager: ${answer.status} ${await answer.text()}`)
    },
    known: async () => (await (await get('/api/v2/alerts')).json()) as KnownAlert[],
  }
}

/** Takes notifications at `/NAME`; resolves to its address. */
async function startReceiver(t: Test, delivered: Delivered[]): Promise<string> {
  const server = createServer(async (request, response) => {
    const { alerts } = (await json(request)) as { alerts: Omit<Delivered, 'receiver'>[] }
    const receiver = request.url?.slice(1) ?? ''
    for (const { status, labels, annotations } of alerts) {
      delivered.push({ receiver, status, labels, annotations })
    }
    response.end()
  })
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

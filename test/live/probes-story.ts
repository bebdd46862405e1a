/** What the live tests of probes share: traffic that never stops, and who noticed what when. */
import { Agent, request } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Exporter } from './exporter.ts'
import { SERVER_NAME } from './workspace.ts'

/** One request as its client saw it; times are Unix ms, status 0: there was no answer. */
export interface Visit {
  readonly at: number
  readonly status: number
  /** Who says that it answered. */
  readonly backend: string
}

export interface Traffic {
  readonly visits: readonly Visit[]
  stop(): Promise<void>
}

const EVERY_MS = 40

/** Asks for `/item` again and again, over one connection of HTTP/1.1, until the end of the test. */
export function startTraffic(t: Test, port: number): Traffic {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  const visits: Visit[] = []
  let isOver = false
  const ask = () =>
    new Promise<void>((resolve) => {
      const at = Date.now()
      const done = (status: number, backend: string) => {
        visits.push({ at, status, backend })
        resolve()
      }
      const host = { host: '127.0.0.1', port, servername: SERVER_NAME }
      const headers = { host: `${SERVER_NAME}:${port}` }
      const asked = request({ ...host, headers, path: '/item', agent }, (answer) => {
        answer.resume().on('end', () => {
          done(answer.statusCode ?? 0, String(answer.headers['x-backend'] ?? ''))
        })
      })
      asked.on('error', () => done(0, '')).end()
    })
  const all = (async () => {
    while (!isOver) {
      await ask()
      await sleep(EVERY_MS)
    }
  })()
  const stop = async () => {
    isOver = true
    await all
    agent.destroy()
  }
  t.teardown(stop)
  return { visits, stop }
}

/** When our exporter logged that a backend came to be so, after a time; Unix ms. */
export function loggedAt(
  { running }: Exporter,
  backend: string,
  health: 'up' | 'down',
  after: number,
): number | undefined {
  for (const line of running.stderr().split('\n')) {
    if (!line.includes(`"a backend is ${health}"`)) continue
    const said = JSON.parse(line) as { time: string; backend: string }
    const at = Date.parse(said.time)
    if (said.backend === backend && at >= after) return at
  }
  return undefined
}

/** One row for each thing that happened, in the order in which it did, in seconds after the first. */
export function storyTable(balancer: string, events: Readonly<Record<string, number>>): string[] {
  const [start = 0] = Object.values(events)
  const rows = Object.entries(events)
    .sort(([, a], [, b]) => a - b)
    .map(([what, at]) => `| ${((at - start) / 1000).toFixed(1)} s | ${what} |`)
  return [`| ${balancer} | |`, '|---|---|', ...rows]
}

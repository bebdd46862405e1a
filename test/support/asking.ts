/** One life of an exporter that asks balancers, and what its page says of that. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { POLL_FAILURES } from '../../exporter/collectors/tailing.ts'
import { renderStore } from '../../exporter/metrics/render.ts'
import { type Page, parsePage } from './page.ts'
import { Life } from './restarts.ts'

/** An answer of Caddy's. */
export const GOOD = '[{"address":"127.0.0.1:9001","num_requests":0,"fails":0}]\n'
/** The lines of a source that asks there. */
export const caddyAt = (url: string) => [`url: ${url}`, 'dialect: caddy-admin', 'poll_interval: 1s']
/** The lines of a source that asks there. */
export const haproxyAt = (url: string) => [
  `url: ${url}`,
  'dialect: haproxy-stats',
  'poll_interval: 1s',
]

/** The kernel has little room for the path of a socket: a directory of tap's own may be too deep. */
export function socketPath(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'quic-lb-polls-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'admin.sock')
}

/** The whole page, with what depends on the clock. */
export async function pageOf(life: Life): Promise<Page> {
  life.publish()
  return parsePage(await renderStore(life.pipeline.metrics))
}

/** The first sample with these labels. */
export function value(page: Page, name: string, labels: Readonly<Record<string, string>>) {
  const found = page
    .get(name)
    ?.samples.filter((sample) =>
      Object.entries(labels).every(([label, text]) => sample.labels[label] === text),
    )
  return found?.[0]?.value
}

/** Which reasons a source's questions failed by, and how often. */
export function failures(page: Page, source: string) {
  const counts = POLL_FAILURES.map((reason) => [
    reason,
    value(page, 'quic_exporter_polls_failed_total', { source, reason }),
  ])
  return Object.fromEntries(counts.filter(([, count]) => count !== 0))
}

/** A life that ends with the test. */
export async function lifeOf(t: Test, ...args: ConstructorParameters<typeof Life>): Promise<Life> {
  const life = new Life(...args)
  t.teardown(() => life.kill())
  return life
}

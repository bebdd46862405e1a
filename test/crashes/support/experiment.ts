import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Account, expected, takeAccount } from './account.ts'
import { temporaryDirectory } from './directory.ts'
import type { KillableExporter } from './exporter.ts'
import { type Replica, startReplica } from './replica.ts'
import type { Scope } from './scope.ts'
import { type Book, Writer } from './writer.ts'

/** Scrape intervals of the two Prometheus servers, ms; far apart, and no multiple of a kill's rhythm. */
export const TWO_REPLICAS = [500, 2000] as const

/** How fast a test writes: some 200 KB a second. */
export const PACKETS_PER_SECOND = 800

/** An empty directory of logs and its writer. */
export function newLogs(scope: Scope, random: (below: number) => number) {
  const logs = join(temporaryDirectory(scope), 'logs')
  mkdirSync(logs)
  return { logs, writer: new Writer(logs, random) }
}

/** Starts Prometheus servers and waits until each has scraped the exporter once: all counters are 0. */
export async function watchedBy(
  scope: Scope,
  address: string,
  intervalsMs: readonly number[],
): Promise<Replica[]> {
  const targets = [{ job: 'exporter', address }]
  const begunAt = Date.now()
  const replicas = await Promise.all(intervalsMs.map((ms) => startReplica(scope, targets, ms)))
  await Promise.all(replicas.map((replica) => replica.untilScraped(begunAt)))
  return replicas
}

/** Starts an exporter and waits until it answers scrapes. */
export async function startAndServe(exporter: KillableExporter): Promise<void> {
  exporter.program.start()
  await exporter.untilPage('its first page', () => true)
}

/**
 * The end: the exporter has read all that was written, every replica scrapes once more and says what it
 * has counted. An exporter that never comes to the figures of the book does not end the experiment.
 */
export async function finalAccounts(
  t: Test,
  exporter: KillableExporter,
  book: Book,
  replicas: readonly Replica[],
): Promise<Account[]> {
  await exporter
    .untilPage('all that was written', (page) =>
      Object.entries(expected(book)).every(([name, value]) => page.value(name) === value),
    )
    .catch((error: Error) => t.fail(error.message))
  const settledAt = Date.now()
  await Promise.all(replicas.map((replica) => replica.untilScraped(settledAt)))
  return Promise.all(replicas.map(takeAccount))
}

/** Asserts that every replica has counted what the book says and saw no counter fall. */
export function expectExact(t: Test, book: Book, accounts: readonly Account[]): void {
  for (const { replica, counted, lateWitnesses, resets, prometheusResets } of accounts) {
    t.same(counted, expected(book), `counted ${replica}: as much as was written`)
    t.same(lateWitnesses, [], `scraped ${replica}: every counter's first sample is 0`)
    t.same(resets, {}, `scraped ${replica}: no counter falls`)
    t.equal(prometheusResets, 0, `Prometheus ${replica}: resets() is 0`)
  }
}

/** The outcome in a few words. */
export function summary(book: Book, accounts: readonly Account[]): string {
  const parts = accounts.map(
    ({ replica, counted, prometheusResets, scrapes }) =>
      `${replica}: ${counted.quic_packets_received_total} of ${book.packets} packets, ` +
      `${prometheusResets} resets, ${scrapes.good} good and ${scrapes.failed} failed scrapes`,
  )
  return parts.join('; ')
}

import type { Test } from 'tap'
import { type Relay, type RelayOptions, startRelay } from '../../scripts/udp-relay/relay.ts'
import { until } from '../support/until.ts'
import { startNgtcp2Client } from './clients.ts'
import { type Page, startExporter } from './exporter.ts'
import { untilEnded } from './processes.ts'
import { type PathWitness, witnessPaths } from './qlog-witness.ts'

/** A server under test. */
export interface Server {
  readonly port: number
  readonly qlogDirectory: string
}

/** What a client does on its way. */
export interface Journey {
  readonly path: string
  /** The network between client and server; none if not given. */
  readonly relay?: Omit<RelayOptions, 'serverPort'>
  readonly clientOptions?: readonly string[]
  /** The client closes its connection as soon as the server has heard it from its new address. */
  readonly leavesAfterMove?: boolean
}

/** A path with 20 ms round trip and a bottleneck that a download of some hundred kB fills. */
export const BOTTLENECK = { delayMs: 10, bytesPerSecond: 400_000, queueBytes: 60_000 }

/** The same with 160 ms round trip. */
export const LONG_BOTTLENECK = { ...BOTTLENECK, delayMs: 80 }

/** Lets one client travel and returns the page after its connection has ended. */
export async function pageAfter(t: Test, server: Server, journey: Journey): Promise<Page> {
  const exporter = await startExporter(t, server.qlogDirectory)
  const options = journey.relay && { serverPort: server.port, ...journey.relay }
  const relay = options && (await startRelay(options))
  if (relay) t.teardown(() => relay.close())
  const client = startNgtcp2Client(
    t,
    relay?.port ?? server.port,
    journey.path,
    journey.clientOptions,
  )
  if (relay && journey.leavesAfterMove) {
    await untilHeardFromNewPath(relay)
    client.child.kill('SIGINT')
  }
  // It returns 0 even when its connection broke: only the server knows how it went.
  await untilEnded(client)
  const page = await exporter.untilPage(
    'the closed connection',
    (page) => page.value('quic_connections_closed_total') === 1,
  )
  const moves = relay ? (await relay.close()).rebinds : 0
  t.equal(moves, journey.relay?.rebinds?.length ?? 0, 'the relay made all its moves in time')

  const [witness, ...others] = await witnessPaths(server.qlogDirectory)
  if (witness === undefined) throw new Error('the server wrote no qlog')
  t.equal(others.length, 0, 'one connection was made')
  agreesWithWitness(t, page, witness)
  return page
}

async function untilHeardFromNewPath(relay: Relay): Promise<void> {
  await until('the move', () => relay.stats().rebinds === 1, { withinMs: 15_000 })
  const enough = relay.stats().up.delivered + 3
  await until('datagrams after it', () => relay.stats().up.delivered >= enough, {
    withinMs: 5000,
    everyMs: 5,
  })
}

/** The raw truth, frame by frame; and the times that the rules for telling moves apart rest on. */
function agreesWithWitness(t: Test, page: Page, witness: PathWitness): void {
  const counts = {
    quic_path_challenges_sent_total: witness.challengesSent,
    quic_path_challenges_received_total: witness.challengesReceived,
    quic_path_responses_sent_total: witness.responsesSent,
    quic_path_responses_received_total: witness.responsesReceived,
  }
  for (const [metric, count] of Object.entries(counts)) t.equal(page.value(metric), count, metric)
  const list = (times: readonly number[]) => times.map((ms) => ms.toFixed(1)).join(' ') || '–'
  t.comment(`challenge to response, ms: ${list(witness.answerTimesMs)}`)
  const gaps = witness.gaps.map(({ ms, smoothedRttMs }) => {
    return `${ms.toFixed(1)} (${(ms / smoothedRttMs).toFixed(2)} RTT)`
  })
  t.comment(`response to next challenge, ms: ${gaps.join(' ') || '–'}`)
}

/** Moves, and the failed ones among them, by kind; all others must be 0. */
export function migrationsAre(
  t: Test,
  page: Page,
  expected: Readonly<{ nat_rebinding?: number; active?: number; failed?: number }>,
): void {
  const moves = (kind: string) => page.value('quic_connection_migrations_total', { kind }) ?? 0
  t.equal(moves('nat_rebinding'), expected.nat_rebinding ?? 0, 'moves by NAT rebinding')
  t.equal(moves('active'), expected.active ?? 0, 'moves by the client itself')
  t.equal(moves('unknown'), 0, 'moves of unknown kind')
  t.equal(
    page.value('quic_connection_migrations_failed_total'),
    expected.failed ?? 0,
    'moves that failed',
  )
}

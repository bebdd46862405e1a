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

/** What came of a journey. */
export interface Outcome {
  /** The page after the connection has ended. */
  readonly page: Page
  readonly witness: PathWitness
}

/** Lets one client travel; the frames that its server logged are already compared with the page. */
export async function travel(t: Test, server: Server, journey: Journey): Promise<Outcome> {
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
  return { page, witness }
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
  for (const direction of ['sent', 'received']) {
    for (const frame of ['path_challenge', 'path_response']) {
      const metric = `quic_${frame}s_${direction}_total`
      t.equal(page.value(metric), witness.count(`${direction} ${frame}`), metric)
    }
  }
  const list = (times: readonly number[]) => times.map((ms) => ms.toFixed(1)).join(' ') || '–'
  t.comment(`challenge to response, ms: ${list(witness.answerTimesMs)}`)
  t.comment(`challenge without response to the end, ms: ${list(witness.unansweredMs)}`)
  const gaps = witness.gaps.map(({ ms, smoothedRttMs, reset }) => {
    return `${ms.toFixed(1)} (${(ms / smoothedRttMs).toFixed(2)} RTT${reset ? ', reset' : ''})`
  })
  t.comment(`response to next challenge, ms: ${gaps.join(' ') || '–'}`)
}

/**
 * Path validations of a server that opens one with every challenge (quic-go names each path by a
 * connection id of its own): failed without a response for a second or more, abandoned for less.
 */
export function validationsAre(
  t: Test,
  { page, witness }: Outcome,
  expected: Readonly<{ challenges: number; answered?: number }>,
): void {
  const answered = witness.answerTimesMs.length
  const failed = witness.unansweredMs.filter((ms) => ms >= 1000).length
  const abandoned = witness.unansweredMs.length - failed
  t.equal(answered + failed + abandoned, expected.challenges, 'challenges, by the qlog')
  if (expected.answered !== undefined) t.equal(answered, expected.answered, 'answered ones')
  t.equal(page.value('quic_path_validations_total'), answered + failed, 'validations')
  t.equal(page.value('quic_path_validations_failed_total'), failed, 'failed ones')
  t.equal(page.value('quic_path_validations_abandoned_total'), abandoned, 'abandoned ones')
  t.equal(page.value('quic_path_validation_duration_seconds_count'), answered, 'durations')
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

// The witness: recomputes every QUIC metric from a complete qlog, sharing no code with the product.
import { closeOf } from './witness-close.ts'
import { extras } from './witness-extras.ts'
import { lifeOf } from './witness-life.ts'
import { losses } from './witness-loss.ts'
import { movesOf } from './witness-moves.ts'
import { type Attempt, attemptsOf } from './witness-paths.ts'
import { recovery } from './witness-recovery.ts'
import { framesOf, readStream, type Stream, type Writer } from './witness-stream.ts'
import { Tally } from './witness-tally.ts'

/** Expected series of complete streams, in base units; what is not there is expected to be 0. */
export interface Testimony {
  readonly writer: Writer
  /** Keyed as Prometheus writes a series, labels sorted, without `source`. */
  readonly series: ReadonlyMap<string, number>
  /** Path-MTU probes that were declared lost and arrived after all; no series counts them. */
  readonly spuriousProbes: number
}

/** The expected series of complete server streams, one connection per text, all of one writer. */
export function witness(texts: readonly string[]): Testimony {
  const tally = new Tally()
  let writer: Writer = 'quic-go'
  let spuriousProbes = 0
  for (const text of texts) {
    const stream = readStream(text)
    writer = stream.writer
    spuriousProbes += testify(stream, tally)
  }
  return { writer, series: tally.series(), spuriousProbes }
}

// Returns how many path-MTU probes were lost spuriously.
function testify(stream: Stream, tally: Tally): number {
  const life = lifeOf(stream.events)
  const attempts = attemptsOf(stream, life)
  packets(stream, tally)
  streams(stream, tally)
  recovery(stream, life, tally)
  paths(attempts, tally)
  closeOf(stream, life, tally)
  extras(stream, life, tally)
  return losses(stream, life, attempts, tally)
}

function packets({ events }: Stream, tally: Tally): void {
  const resets = /^(reset_stream|stop_sending)$/
  const blocked = /^(data_blocked|stream_data_blocked|streams_blocked)$/
  for (const event of events) {
    const way = /^packet_(sent|received)$/.exec(event.name)?.[1]
    if (!way) continue
    const written = event.data.header?.packet_type?.toLowerCase() ?? ''
    const type = /^(initial|handshake|0rtt|1rtt)$/.test(written) ? written : 'unknown'
    tally.add(`quic_packets_${way}_total`, { packet_type: type })
    tally.add(`quic_${way}_bytes_total`, {}, event.data.raw?.length ?? 0)
    for (const { frame_type: frame } of framesOf(event)) {
      if (resets.test(frame)) tally.add(`quic_stream_reset_frames_${way}_total`, { frame })
      if (blocked.test(frame)) tally.add(`quic_blocked_frames_${way}_total`, { frame })
      if (frame === 'path_challenge') tally.add(`quic_path_challenges_${way}_total`)
      if (frame === 'path_response') tally.add(`quic_path_responses_${way}_total`)
    }
  }
}

function streams({ events }: Stream, tally: Tally): void {
  const ids = events
    .flatMap(framesOf)
    .map((frame) => frame.stream_id)
    .filter((id) => id !== undefined)
  for (const bits of [0, 1, 2, 3]) {
    const ordinals = ids.filter((id) => id % 4 === bits).map((id) => Math.floor(id / 4) + 1)
    if (ordinals.length === 0) continue
    const labels = {
      initiator: bits % 2 === 0 ? 'remote' : 'local',
      stream_type: bits < 2 ? 'bidirectional' : 'unidirectional',
    }
    tally.add('quic_streams_opened_total', labels, Math.max(...ordinals))
  }
}

function paths(attempts: readonly Attempt[], tally: Tally): void {
  for (const { outcome, openedAt, finishedAt } of attempts) {
    if (outcome !== 'abandoned') tally.add('quic_path_validations_total')
    if (outcome === 'failed') tally.add('quic_path_validations_failed_total')
    if (outcome === 'abandoned') tally.add('quic_path_validations_abandoned_total')
    if (outcome !== 'validated') continue
    tally.observe('quic_path_validation_duration_seconds', finishedAt - openedAt)
  }
  for (const { kind, failed } of movesOf(attempts)) {
    tally.add('quic_connection_migrations_total', { kind })
    if (failed) tally.add('quic_connection_migrations_failed_total', { kind })
  }
}

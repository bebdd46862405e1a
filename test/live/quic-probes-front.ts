/** What the live tests of QUIC probes share: one look at a front door, and doors that are open. */
import type { Test } from 'tap'
import type { QuicProbeResult, QuicTarget } from '../../exporter/probers/prober.ts'
import { LADDER, type QuicRung } from '../../exporter/probers/quic/ladder.ts'
import { QUIC_V1, QUIC_V2 } from '../../exporter/probers/quic/versions.ts'
import { frontDoor, literally } from '../support/quic-place.ts'
import { until } from '../support/until.ts'

const TIMEOUT_MS = 10_000

/** One look. */
export function look(
  rung: QuicRung,
  port: number,
  changes: Partial<QuicTarget> = {},
): Promise<QuicProbeResult> {
  const prober = LADDER[rung](frontDoor(port, changes), literally(TIMEOUT_MS))
  return prober(AbortSignal.timeout(TIMEOUT_MS), () => {})
}

/** Waits until a server answers at all; a closed port refuses at once. */
export async function untilOpen(port: number, isRunning: () => boolean): Promise<void> {
  const answers = async () => {
    if (!isRunning()) throw new Error('the server has ended')
    return (await look('version_negotiation', port)).failure === undefined
  }
  await until(`the front door at UDP port ${port}`, answers, { withinMs: 15_000 })
}

/** A server answers a question of versions with these and no others. */
export async function speaks(t: Test, port: number, versions: readonly number[]): Promise<void> {
  const result = await look('version_negotiation', port)
  t.match(result, { failure: undefined, answer: 'version_negotiation' })
  t.strictSame([...(result.versions ?? [])].sort(), [...versions].sort(), 'versions')
}

/** A server answers an Initial of each of these versions, after a Retry or without, in time and in measure. */
export async function answers(
  t: Test,
  port: number,
  versions: readonly number[] = [QUIC_V1, QUIC_V2],
  { retried = false, answer = 'server_hello' } = {},
): Promise<void> {
  for (const version of versions) {
    const result = await look('initial', port, { version })
    t.match(result, { failure: undefined, answer, retried }, `version 0x${version.toString(16)}`)
    const { receivedBytes = 0, sentBytes = 0 } = result.amplification ?? {}
    t.ok(receivedBytes > 0 && receivedBytes <= 3 * sentBytes, `${receivedBytes} for ${sentBytes}`)
  }
}

/** A server closes with this code. */
export async function closes(
  t: Test,
  port: number,
  changes: Partial<QuicTarget>,
  closeCode: number,
): Promise<void> {
  t.match(await look('initial', port, changes), { failure: 'close', answer: 'close', closeCode })
}

/** RFC 9001 §4.8: TLS alerts as codes of QUIC. */
export const NO_APPLICATION_PROTOCOL = 0x178
export const UNRECOGNIZED_NAME = 0x170

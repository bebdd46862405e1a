/** What every rung of the ladder does alike: an address, a conversation, a result. */
import type { Endpoint, Note, QuicProbeResult, QuicProber, QuicTarget } from '../prober.ts'
import { converse, type Dialogue } from './conversation.ts'

/** An address that a name stands for. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: 4 | 6
}

/** The addresses of a target that may be used, the best first; rejects with `failure: 'dns'` if there are none. */
export type Resolve = (
  endpoint: Endpoint,
  signal: AbortSignal,
) => Promise<readonly ResolvedAddress[]>

/** Connection IDs by which whoever probes knows its probes again. */
export interface ProbeIds {
  /** A new one for the first packet of a probe, 8 to 20 bytes that cannot be guessed (RFC 9000 §7.2). */
  first(): Buffer
  /** A Retry gave a probe another one, lent. */
  retried(id: Uint8Array): void
}

/** What a prober needs besides its target. */
export interface QuicProbing {
  readonly resolve: Resolve
  /** Random ones if not given. */
  readonly ids?: ProbeIds
  /** After how many milliseconds the signal will end a probe at the latest; it sets the pace of repetitions. */
  readonly timeoutMs: number
}

/** RFC 9002 §6.2.2: the timeout of a client that has not measured the path yet is three times 333 ms. */
const FIRST_WAIT_MS = 999
/** With waits that double, so many parts leave room for two repetitions. */
const WAITS_IN_TIMEOUT = 4

/** A prober that leads one dialogue, which is made anew for each look. */
export function frontDoorProber(
  target: QuicTarget,
  { resolve, timeoutMs }: QuicProbing,
  begin: (note: Note) => Dialogue,
): QuicProber {
  const firstWaitMs = Math.min(FIRST_WAIT_MS, timeoutMs / WAITS_IN_TIMEOUT)
  return async (signal, note) => {
    const startedMs = performance.now()
    const failed = (failure: QuicProbeResult['failure'], why: string): QuicProbeResult => {
      note(`failed: ${why}`)
      return { failure, why, durationUs: Math.round(1000 * (performance.now() - startedMs)) }
    }
    let place: ResolvedAddress | undefined
    try {
      const places = await unlessAborted(resolve(target, signal), signal)
      place = places?.[0]
    } catch (error) {
      if (!signal.aborted) return failed(failureOf(error), messageOf(error))
    }
    if (signal.aborted) return failed('timeout', 'no address in time')
    if (place === undefined) return failed('dns', 'no address')
    note(`asking ${place.address}, UDP port ${target.port}`)
    const options = { ...place, port: target.port, firstWaitMs, signal, note }
    const { durationUs, verdict } = await converse(begin(note), options)
    note(verdict.failure === undefined ? 'success' : `failed: ${verdict.why ?? verdict.failure}`)
    return { ...verdict, durationUs, address: place.address }
  }
}

/** Waits no longer than the signal allows, whatever the other side does; undefined then. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let stop = () => {}
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function failureOf(error: unknown): 'dns' | 'other' {
  return error instanceof Error && 'failure' in error && error.failure === 'dns' ? 'dns' : 'other'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

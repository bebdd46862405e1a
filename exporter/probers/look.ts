/**
 * One look at a backend while it lasts: its phases, what is open, what was seen so far. All that can wait waits
 * for something that is held here: the signal destroys what is held, and so ends every wait.
 */
import { failureOf, ProbeError, plain, whyOf } from './failure.ts'
import type { Note, ProbePhase, ProbeResult } from './prober.ts'

/** What is open while a look lasts: a socket, a session, a stream. */
export interface Held {
  destroy(error?: Error): unknown
  on(event: 'error', heard: () => void): unknown
  once(event: 'close', heard: () => void): unknown
}

export class Look {
  readonly signal: AbortSignal
  readonly note: Note
  /** What is known so far. */
  address: string | undefined
  status: number | undefined
  certificateExpiryUs: number | undefined
  readonly #held = new Set<Held>()
  readonly #startedMs = performance.now()
  readonly #spentMs: Partial<Record<ProbePhase, number>> = {}
  /** The phase that was entered last. */
  #phase: ProbePhase | undefined

  constructor(signal: AbortSignal, note: Note) {
    this.signal = signal
    this.note = note
  }

  /** Spends the time of `work` on a phase, also if it fails; a phase may be gone through several times. */
  async spend<T>(phase: ProbePhase, work: () => Promise<T>): Promise<T> {
    if (this.signal.aborted) throw new ProbeError('timeout', `no time left to ${phase}`)
    this.#phase = phase
    const startedMs = performance.now()
    try {
      return await work()
    } finally {
      this.#spentMs[phase] = (this.#spentMs[phase] ?? 0) + performance.now() - startedMs
    }
  }

  /** Holds something open until it is over. What it was built upon closes with it, and can be given as `base`. */
  hold<T extends Held>(held: T, base?: Held): T {
    this.#held.add(held)
    // Node.js 24 crashes if the socket below a TLS socket is destroyed before that one.
    if (base !== undefined) this.#held.delete(base)
    // Whoever waits for it hears of the error there; later errors are of no interest.
    held.on('error', () => undefined)
    held.once('close', () => this.#held.delete(held))
    if (this.signal.aborted) this.giveUp()
    return held
  }

  /** Ends every wait. */
  giveUp(): void {
    const error = new ProbeError('timeout', this.#tooLate())
    for (const held of this.#newestFirst()) held.destroy(error)
  }

  /** The verdict; whatever was thrown when `failed`. */
  result(failed: boolean, thrown: unknown): ProbeResult {
    const durationUs = wholeUs(performance.now() - this.#startedMs)
    const phasesUs: Partial<Record<ProbePhase, number>> = {}
    for (const [phase, ms] of Object.entries(this.#spentMs)) {
      phasesUs[phase as ProbePhase] = wholeUs(ms)
    }
    const { status, address, certificateExpiryUs } = this
    return {
      ...this.#verdict(failed, thrown),
      durationUs,
      phasesUs,
      ...(certificateExpiryUs !== undefined && { certificateExpiryUs }),
      ...(status !== undefined && { status }),
      ...(address !== undefined && { address }),
    }
  }

  /** Waits until everything that is held is closed; nobody else has to agree. */
  async close(): Promise<void> {
    const held = this.#newestFirst()
    const closing = held.map((one) => new Promise<void>((resolve) => one.once('close', resolve)))
    for (const one of held) one.destroy()
    await Promise.all(closing)
  }

  #newestFirst(): readonly Held[] {
    return [...this.#held].reverse()
  }

  #verdict(failed: boolean, thrown: unknown): Pick<ProbeResult, 'failure' | 'why'> {
    if (!failed) return { failure: undefined }
    if (this.signal.aborted) return { failure: 'timeout', why: this.#tooLate() }
    return { failure: failureOf(thrown, this.#phase), why: whyOf(thrown) }
  }

  #tooLate(): string {
    const address = this.address === undefined ? '' : ` (${this.address})`
    return `given up after ${Math.round(performance.now() - this.#startedMs)} ms: ${this.#phase ?? 'start'}${address}`
  }
}

/** Looks; `work` throws what is wrong with the backend. Resolves always, after everything is closed. */
export async function look(
  signal: AbortSignal,
  note: Note,
  work: (look: Look) => Promise<void>,
): Promise<ProbeResult> {
  const look = new Look(signal, (line) => note(plain(line)))
  const giveUp = () => look.giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  let result: ProbeResult
  try {
    await work(look)
    // What was destroyed because it was too late may look like an end.
    result = look.result(signal.aborted, undefined)
  } catch (error) {
    result = look.result(true, error)
  }
  signal.removeEventListener('abort', giveUp)
  await look.close()
  look.note(result.failure === undefined ? 'healthy' : `${result.failure}: ${result.why}`)
  return result
}

function wholeUs(ms: number): number {
  return Math.round(ms * 1000)
}

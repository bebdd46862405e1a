/**
 * nginx's error log at level debug: what its QUIC says of each connection. All times are whole
 * milliseconds of its own timers; the lines themselves tell the second only.
 */
import type { LossTrigger } from '../events.ts'
import type { LineOutput } from '../log-dialect.ts'
import {
  type DebugOutcome,
  type Followed,
  packet,
  packetTypeOf,
  type Read,
  readClosed,
  readCongestion,
  readCreated,
  readFrame,
  readParameters,
  readReceived,
  readRtt,
  readSilentClose,
  readTimeout,
} from './nginx-error-debug-lines.ts'
import { type ErrorLine, numberAfter } from './nginx-error-line.ts'

/** Worker processes whose last words are held. */
const MOST_PROCESSES = 256

/** What a process said that its next lines may complete. */
interface Unfinished {
  readonly connection: string
  /** A packet that is looked at by loss detection: it is lost if `resend packet` follows. */
  readonly checked?: { readonly number: number; readonly trigger: LossTrigger }
  /** A path-MTU probe comes next. */
  readonly announced?: true
  /** Number of the probe: it is sent unless `rejected mtu` follows. */
  readonly built?: number
}

/** As it is saved. */
export type DebugState = readonly (readonly [string, Unfinished])[]

export class DebugLines {
  readonly #unfinished = new Map<string, Unfinished>()

  /** Undefined: nobody reads such lines. */
  read({ process, connection, message }: ErrorLine, at: number, out: LineOutput): DebugOutcome {
    if (message.startsWith('sending version negotiation packet')) {
      out.endpoint({ type: 'version_negotiation_sent', at, count: 1 })
      return 'version_negotiation_sent'
    }
    if (connection === undefined || !message.startsWith('quic ')) return undefined
    this.#probeSent(process, message, at, out)
    for (const [words, read] of this.#readers) {
      if (message.startsWith(words, 5)) return read(message, { process, connection, at }, out)
    }
    return undefined
  }

  state(): DebugState {
    return [...this.#unfinished]
  }

  restore(state: DebugState): void {
    for (const [process, unfinished] of state) this.#unfinished.set(process, unfinished)
  }

  /** By how messages go on behind `quic `; the most frequent first. */
  readonly #readers: readonly (readonly [string, Read])[] = [
    ['congestion ', readCongestion],
    ['packet tx ', (message, line, out) => this.#sent(message, line, out)],
    ['packet done rc:', readReceived],
    ['rtt sample ', readRtt],
    ['detect_lost pnum:', (message, line) => this.#checked(message, line)],
    ['resend packet pnum:', (message, line, out) => this.#lost(message, line, out)],
    ['pto timer', readTimeout],
    ['connection created', readCreated],
    ['tp ', readParameters],
    ['frame ', readFrame],
    ['close silent ', readSilentClose],
    ['close completed', readClosed],
    ['retry packet sent ', readRetry],
    ['path seq:', (message, line) => this.#path(message, line)],
  ]

  /** A packet that was declared lost is `resent` at once; else it was only looked at. */
  #checked(message: string, { process, connection }: Followed): DebugOutcome {
    const number = numberAfter(message, ' pnum:', Number.MAX_SAFE_INTEGER)
    if (number === undefined) return 'unusable'
    const trigger = / wait:[1-9]/.test(message) ? 'reordering_threshold' : 'time_threshold'
    this.#hold(process, { connection, checked: { number, trigger } })
    return 'loss_detection'
  }

  /** Before 1.27 probe time-outs resent packets too, without declaring them lost. */
  #lost(message: string, { process, connection, at }: Followed, out: LineOutput): DebugOutcome {
    const number = numberAfter(message, ' pnum:', Number.MAX_SAFE_INTEGER)
    if (number === undefined) return 'unusable'
    const held = this.#unfinished.get(process)
    this.#unfinished.delete(process)
    if (held?.connection === connection && held.checked?.number === number) {
      const { trigger } = held.checked
      out.quic(connection, { type: 'packets_lost', at, count: 1, trigger })
    }
    return 'packet_lost'
  }

  #sent(message: string, { process, connection, at }: Followed, out: LineOutput): DebugOutcome {
    const packetType = packetTypeOf(message, 'packet tx ')
    const number = numberAfter(message, ' number:', Number.MAX_SAFE_INTEGER)
    if (packetType === undefined || number === undefined) return 'unusable'
    const held = this.#unfinished.get(process)
    if (held?.connection === connection && held.announced) {
      this.#hold(process, { connection, built: number })
    } else out.quic(connection, packet('sent', packetType, number, at))
    return 'packet_sent'
  }

  #path(message: string, { process, connection }: Followed): DebugOutcome {
    if (message.includes(' send probe mtu:')) {
      this.#hold(process, { connection, announced: true })
      return 'mtu_probe'
    }
    if (!message.includes(' rejected mtu:')) return undefined
    this.#unfinished.delete(process)
    return 'mtu_probe'
  }

  /** A probe that was built has been sent unless the system refused its size, which is said next. */
  #probeSent(process: string, message: string, at: number, out: LineOutput): void {
    const held = this.#unfinished.get(process)
    if (held?.built === undefined || message.includes(' rejected mtu:')) return
    this.#unfinished.delete(process)
    out.quic(held.connection, packet('sent', '1rtt', held.built, at))
  }

  #hold(process: string, unfinished: Unfinished): void {
    this.#unfinished.delete(process)
    this.#unfinished.set(process, unfinished)
    const [oldest] = this.#unfinished.keys()
    if (this.#unfinished.size > MOST_PROCESSES && oldest !== undefined) {
      this.#unfinished.delete(oldest)
    }
  }
}

function readRetry(_message: string, { at }: Followed, out: LineOutput): DebugOutcome {
  out.endpoint({ type: 'retry_sent', at, count: 1 })
  return 'retry_sent'
}

/** One UDP socket, one address, and questions repeated until it is known what is there. */
import { createSocket, type Socket } from 'node:dgram'
import type { Note, QuicProbeResult } from '../prober.ts'

/** What a conversation came to: a result but for when and where. */
export type Verdict = Omit<QuicProbeResult, 'durationUs' | 'address'>

/** What a datagram changed. */
export type Step =
  /** It is no answer; in a few words why, nothing of its text. */
  | { readonly type: 'ignored'; readonly why: string }
  /** It belongs to an answer that is not all there. */
  | { readonly type: 'more' }
  /** The question is another one now, and is asked at once. */
  | { readonly type: 'ask' }
  /** `lingers`: what comes with it is looked at too, for a moment, and may change it. */
  | { readonly type: 'decided'; readonly verdict: Verdict; readonly lingers: boolean }

/** What is said to a server, and what is made of its answers. Knows neither sockets nor clocks. */
export interface Dialogue {
  /** Datagrams of the question: at the start, and again after each silence. */
  ask(): readonly Buffer[]
  hear(datagram: Buffer): Step
  /** What is known besides the verdict. */
  facts(): Partial<Verdict>
  /** Last words to a server that answered. */
  leave(): readonly Buffer[]
}

export interface ConversationOptions {
  readonly address: string
  readonly family: 4 | 6
  readonly port: number
  /** Silence before the question is repeated; it doubles each time (RFC 9002 §6.2.1). */
  readonly firstWaitMs: number
  readonly signal: AbortSignal
  readonly note: Note
}

/** How a conversation ended; microseconds from the first datagram out to what decided. */
export interface Outcome {
  readonly durationUs: number
  readonly verdict: Verdict
}

/** No server needs as many to answer one hello. */
const MOST_DATAGRAMS = 256
/** Datagrams that are told of one by one. */
const MOST_NOTED = 16
/** The rest of a flight is sent with its beginning: it comes within a round trip. */
const LINGER_MS = { least: 25, most: 250 }

/** Talks until something decided, or the signal ends it. Resolves always, when the socket is closed. */
export async function converse(dialogue: Dialogue, options: ConversationOptions): Promise<Outcome> {
  const conversation = new Conversation(dialogue, options)
  return conversation.held()
}

class Conversation {
  readonly #dialogue: Dialogue
  readonly #options: ConversationOptions
  readonly #socket: Socket
  readonly #ended = Promise.withResolvers<void>()
  readonly #ignored = new Map<string, number>()
  #startedMs = performance.now()
  #decidedMs: number | undefined
  #verdict: Verdict | undefined
  #waitMs: number
  #timer: NodeJS.Timeout | undefined
  #datagrams = 0
  #isConnected = false
  #isOver = false

  constructor(dialogue: Dialogue, options: ConversationOptions) {
    this.#dialogue = dialogue
    this.#options = options
    this.#waitMs = options.firstWaitMs
    this.#socket = createSocket(options.family === 4 ? 'udp4' : 'udp6')
  }

  async held(): Promise<Outcome> {
    const { address, port, signal } = this.#options
    const giveUp = () => this.#end()
    signal.addEventListener('abort', giveUp)
    this.#socket.on('error', (error) => this.#broke(error))
    // A connected socket gets datagrams from nowhere else, and hears of ICMP.
    this.#socket.on('message', (datagram) => this.#heard(datagram))
    this.#socket.on('connect', () => this.#start())
    try {
      if (signal.aborted) this.#end()
      else this.#socket.connect(port, address)
    } catch (error) {
      this.#broke(error)
    }
    await this.#ended.promise
    clearTimeout(this.#timer)
    signal.removeEventListener('abort', giveUp)
    const endedMs = this.#decidedMs ?? performance.now()
    await this.#close()
    return {
      durationUs: Math.round(1000 * (endedMs - this.#startedMs)),
      verdict: { ...this.#dialogue.facts(), ...(this.#verdict ?? this.#silence()) },
    }
  }

  #start(): void {
    this.#isConnected = true
    this.#startedMs = performance.now()
    this.#ask()
  }

  #ask(): void {
    if (this.#verdict !== undefined || this.#isOver) return
    try {
      for (const datagram of this.#dialogue.ask()) this.#send(datagram)
    } catch (error) {
      this.#broke(error)
      return
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#askAgain(), this.#waitMs)
  }

  #askAgain(): void {
    this.#options.note(`nothing decided after ${this.#sinceStart()}: asking again`)
    this.#waitMs *= 2
    this.#ask()
  }

  #send(datagram: Buffer): void {
    this.#socket.send(datagram, (error) => {
      if (error) this.#broke(error)
    })
  }

  #heard(datagram: Buffer): void {
    if (this.#isOver) return
    this.#datagrams += 1
    const { note } = this.#options
    const step = this.#step(datagram)
    if (this.#datagrams <= MOST_NOTED) {
      const what = step.type === 'ignored' ? `: ignored, ${step.why}` : ''
      note(`${datagram.length} bytes after ${this.#sinceStart()}${what}`)
    }
    if (step.type === 'ignored') this.#ignored.set(step.why, (this.#ignored.get(step.why) ?? 0) + 1)
    if (step.type === 'decided') this.#decide(step.verdict, step.lingers)
    else if (step.type === 'ask') {
      this.#waitMs = this.#options.firstWaitMs
      this.#ask()
    }
    if (this.#datagrams >= MOST_DATAGRAMS) {
      const why = `${MOST_DATAGRAMS} datagrams and no answer${this.#ignoredText()}`
      this.#decide(this.#verdict ?? { failure: 'protocol', why }, false)
    }
  }

  /** No answer whatever may end the exporter: a fault of ours is a result too. */
  #step(datagram: Buffer): Step {
    try {
      return this.#dialogue.hear(datagram)
    } catch (error) {
      this.#broke(error)
      return { type: 'ignored', why: 'a fault of the exporter' }
    }
  }

  #decide(verdict: Verdict, lingers: boolean): void {
    const isFirst = this.#verdict === undefined
    const nowMs = performance.now()
    // What stands already keeps its time; a change of mind has its own.
    if (isFirst || this.#verdict !== verdict) this.#decidedMs = nowMs
    this.#verdict = verdict
    if (!lingers) this.#end()
    else if (isFirst) {
      clearTimeout(this.#timer)
      const roundTripMs = nowMs - this.#startedMs
      const lingerMs = Math.min(LINGER_MS.most, Math.max(LINGER_MS.least, roundTripMs))
      this.#timer = setTimeout(() => this.#end(), lingerMs)
    }
  }

  #broke(error: unknown): void {
    if (this.#verdict !== undefined || this.#isOver) return
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    // ICMP said that nobody listens there (RFC 1122 §4.1.3.3).
    this.#decide(
      code === 'ECONNREFUSED'
        ? { failure: 'refused', why: 'nobody listens on the UDP port' }
        : { failure: 'other', why: code },
      false,
    )
  }

  #silence(): Verdict {
    const ignored = this.#ignoredText()
    return { failure: 'timeout', why: `no answer${ignored}` }
  }

  #ignoredText(): string {
    const parts = [...this.#ignored].map(([why, times]) => `${why} (${times})`)
    return parts.length === 0 ? '' : `; ignored: ${parts.join(', ')}`
  }

  #sinceStart(): string {
    return `${(performance.now() - this.#startedMs).toFixed(1)} ms`
  }

  #end(): void {
    this.#isOver = true
    this.#ended.resolve()
  }

  async #close(): Promise<void> {
    try {
      for (const datagram of this.#isConnected ? this.#dialogue.leave() : []) {
        await new Promise<void>((resolve) => this.#socket.send(datagram, () => resolve()))
      }
    } catch (error) {
      this.#options.note(`no last words: ${error}`)
    }
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()))
  }
}

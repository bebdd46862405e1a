/** What happens to the datagrams of one direction; nothing by default. */
export interface LinkOptions {
  /** Probability that a datagram is dropped, 0 to 1. */
  readonly loss?: number
  /** Time every datagram is held back, in milliseconds; the order never changes. */
  readonly delayMs?: number
  /** Speed of the bottleneck; without it datagrams pass at once. */
  readonly bytesPerSecond?: number
  /** Bytes that may wait for the bottleneck; what does not fit is dropped (drop-tail). */
  readonly queueBytes?: number
  /** Start of the random series: the same seed drops the same ordinals. */
  readonly seed?: number
}

/** What really happened in one direction: arrived = lost + queueDropped + delivered + still held. */
export interface LinkTruth {
  readonly arrived: number
  readonly arrivedBytes: number
  readonly lost: number
  readonly queueDropped: number
  readonly delivered: number
  readonly deliveredBytes: number
}

interface Held {
  readonly dueMs: number
  readonly bytes: number
  readonly deliver: () => void
}

/** A seeded series of numbers from 0 (included) to 1 (excluded): xorshift with 32 bits of state. */
export function seededRandom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** One direction of a path: it loses, queues and delays datagrams, and knows what it did. */
export class Link {
  readonly #options: LinkOptions
  readonly #nowMs: () => number
  readonly #random: () => number
  readonly #held: Held[] = []
  readonly #truth = {
    arrived: 0,
    arrivedBytes: 0,
    lost: 0,
    queueDropped: 0,
    delivered: 0,
    deliveredBytes: 0,
  }
  #bottleneckFreeMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: LinkOptions, nowMs: () => number = () => performance.now()) {
    this.#options = options
    this.#nowMs = nowMs
    this.#random = seededRandom(options.seed ?? 1)
  }

  /** Takes a datagram of this many bytes; `extraLoss` is the chance that its path drops it as well. */
  send(bytes: number, extraLoss: number, deliver: () => void): void {
    const { loss = 0, delayMs = 0, bytesPerSecond, queueBytes = Infinity } = this.#options
    this.#truth.arrived += 1
    this.#truth.arrivedBytes += bytes
    if (this.#random() < 1 - (1 - loss) * (1 - extraLoss)) {
      this.#truth.lost += 1
      return
    }
    const nowMs = this.#nowMs()
    let departsMs = nowMs
    if (bytesPerSecond !== undefined) {
      const startsMs = Math.max(nowMs, this.#bottleneckFreeMs)
      if (((startsMs - nowMs) * bytesPerSecond) / 1000 > queueBytes) {
        this.#truth.queueDropped += 1
        return
      }
      departsMs = startsMs + (bytes / bytesPerSecond) * 1000
      this.#bottleneckFreeMs = departsMs
    }
    this.#held.push({ dueMs: departsMs + delayMs, bytes, deliver })
    this.flush()
  }

  /** Delivers everything that is due, in order, and sets the timer for the rest. */
  flush(): void {
    const nowMs = this.#nowMs()
    let due = 0
    for (const held of this.#held) {
      if (held.dueMs > nowMs) break
      due += 1
      this.#truth.delivered += 1
      this.#truth.deliveredBytes += held.bytes
      held.deliver()
    }
    this.#held.splice(0, due)
    clearTimeout(this.#timer)
    const next = this.#held[0]
    this.#timer = next && setTimeout(() => this.flush(), next.dueMs - nowMs)
  }

  /** What happened so far. */
  truth(): LinkTruth {
    return { ...this.#truth }
  }

  /** Forgets what is still held and stops the timer. */
  close(): void {
    clearTimeout(this.#timer)
    this.#held.length = 0
  }
}

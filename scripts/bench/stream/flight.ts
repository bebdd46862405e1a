import type { Range } from './happenings.ts'

const OLDEST_ACKED = 200
const MOST_RANGES = 5

interface SentPacket {
  readonly number: number
  readonly length: number
}

/** The packets of one connection that are under way, acknowledged, or declared lost. */
export class Flight {
  readonly #outstanding: SentPacket[] = []
  readonly #gaps: number[] = []
  #largestAcked = -1
  bytes = 0

  get packets(): number {
    return this.#outstanding.length
  }

  sent(number: number, length: number): void {
    this.#outstanding.push({ number, length })
    this.bytes += length
  }

  /** Acknowledges up to `count` of the oldest packets; false if there are none under way. */
  acknowledge(count: number): boolean {
    const acked = this.#outstanding.splice(0, count)
    for (const packet of acked) {
      this.bytes -= packet.length
      this.#largestAcked = packet.number
    }
    return acked.length > 0
  }

  /** Declares the oldest packet lost: it stays a gap in later ACK ranges. */
  lose(): SentPacket | undefined {
    const packet = this.#outstanding.shift()
    if (packet === undefined) return undefined
    this.bytes -= packet.length
    this.#gaps.push(packet.number)
    return packet
  }

  /** A packet declared lost turns out to have arrived: it is in the ACK ranges from now on. */
  forgive(): number | undefined {
    const number = this.#gaps.at(-1)
    if (number === undefined || number > this.#largestAcked) return undefined
    return this.#gaps.pop()
  }

  /** ACK ranges as a peer would send them now, the newest first. */
  ranges(): readonly Range[] {
    if (this.#largestAcked < 0) return [[0, 0]]
    const ranges: Range[] = []
    const oldest = Math.max(0, this.#largestAcked - OLDEST_ACKED)
    let last = this.#largestAcked
    for (let i = this.#gaps.length - 1; i >= 0 && ranges.length < MOST_RANGES - 1; i--) {
      const gap = this.#gaps[i] ?? 0
      if (gap < oldest) break
      if (gap > last) continue
      if (gap < last) ranges.push([gap + 1, last])
      last = gap - 1
    }
    if (last >= oldest) ranges.push([oldest, last])
    return ranges
  }
}

/**
 * The integers behind every series. A value can pass 2^53 (10,000 connections add 10^10 µs a second), so
 * each slot is two words: `value = high × 10^15 + low`. A value never loses its last unit, and so a
 * counter never seems to fall.
 */

const WORD = 1e15

export class Slots {
  #low = new Float64Array(1024)
  #high = new Float64Array(1024)
  #used = 0

  /** Reserves `count` neighbouring slots, all 0; returns the first one's index. */
  allocate(count: number): number {
    const first = this.#used
    this.#used += count
    if (this.#used > this.#low.length) {
      const size = Math.max(this.#used, this.#low.length * 2)
      this.#low = grown(this.#low, size)
      this.#high = grown(this.#high, size)
    }
    return first
  }

  /** The same integers as they are now. */
  copy(): Slots {
    const copy = new Slots()
    copy.#low = this.#low.slice(0, this.#used)
    copy.#high = this.#high.slice(0, this.#used)
    copy.#used = this.#used
    return copy
  }

  /** Makes neighbouring slots 0 again. */
  clear(first: number, count: number): void {
    this.#low.fill(0, first, first + count)
    this.#high.fill(0, first, first + count)
  }

  /** Adds a whole number above −10^15; gauges may go down, never below zero in sum. */
  add(slot: number, amount: number): void {
    if (amount >= WORD) {
      this.#high[slot] = (this.#high[slot] as number) + Math.floor(amount / WORD)
      this.add(slot, amount % WORD)
      return
    }
    const low = (this.#low[slot] as number) + amount
    if (low >= WORD) {
      this.#low[slot] = low - WORD
      this.#high[slot] = (this.#high[slot] as number) + 1
    } else if (low < 0 && (this.#high[slot] as number) > 0) {
      this.#low[slot] = low + WORD
      this.#high[slot] = (this.#high[slot] as number) - 1
    } else this.#low[slot] = low
  }

  set(slot: number, value: number): void {
    this.#low[slot] = value % WORD
    this.#high[slot] = Math.floor(value / WORD)
  }

  /** The value as a decimal number with its point moved `decimals` places to the left. */
  read(slot: number, decimals = 0): number {
    const low = this.#low[slot] as number
    const high = this.#high[slot] as number
    if (decimals === 0 && high === 0) return low
    const digits = (high === 0 ? String(low) : `${high}${String(low).padStart(15, '0')}`).padStart(
      decimals + 1,
      '0',
    )
    const point = digits.length - decimals
    return Number(`${digits.slice(0, point)}.${digits.slice(point)}`)
  }

  /** Both words of a slot, for the snapshot. */
  words(slot: number): readonly [low: number, high: number] {
    return [this.#low[slot] as number, this.#high[slot] as number]
  }

  /** Puts both words of a slot back. */
  restore(slot: number, low: number, high: number): void {
    this.#low[slot] = low
    this.#high[slot] = high
  }
}

function grown(words: Float64Array<ArrayBuffer>, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size)
  larger.set(words)
  return larger
}

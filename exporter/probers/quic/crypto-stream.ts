/** The handshake of one encryption level, put together from CRYPTO frames in any order (RFC 9000 §19.6). */

/** No less than what every endpoint has to take (RFC 9000 §7.5); no hello is nearly as long. */
const MOST_BYTES = 16_384
/** Parts with gaps between them: nobody cuts a hello so small, but for the work that it makes. */
const MOST_RANGES = 64

interface Range {
  readonly from: number
  readonly to: number
}

export class CryptoStream {
  #bytes = Buffer.alloc(0)
  /** Parts that are there, in order; none touches another. */
  #ranges: readonly Range[] = []

  /** Takes a part; false if it ends beyond what is kept, or leaves too many gaps. */
  add(offset: number, data: Uint8Array): boolean {
    const to = offset + data.length
    if (to > MOST_BYTES) return false
    if (data.length === 0) return true
    if (to > this.#bytes.length) {
      const grown = Buffer.alloc(Math.min(MOST_BYTES, 2 * to))
      this.#bytes.copy(grown)
      this.#bytes = grown
    }
    this.#bytes.set(data, offset)
    this.#ranges = joined(this.#ranges, { from: offset, to })
    return this.#ranges.length <= MOST_RANGES
  }

  /** Everything from the start up to the first gap. */
  get whole(): Buffer {
    const first = this.#ranges[0]
    return this.#bytes.subarray(0, first?.from === 0 ? first.to : 0)
  }
}

function joined(ranges: readonly Range[], added: Range): readonly Range[] {
  const before = ranges.filter(({ to }) => to < added.from)
  const after = ranges.filter(({ from }) => from > added.to)
  const touched = ranges.slice(before.length, ranges.length - after.length)
  const from = Math.min(added.from, ...touched.map((range) => range.from))
  const to = Math.max(added.to, ...touched.map((range) => range.to))
  return [...before, { from, to }, ...after]
}

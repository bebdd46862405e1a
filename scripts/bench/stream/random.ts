/** A source of numbers that gives the same sequence for the same seed on every machine. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** An integer from low to high, both included. */
  integer(low: number, high: number): number
  chance(probability: number): boolean
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string
  pick<T>(list: readonly [T, ...T[]]): T
}

/** A 32-bit xorshift generator; seed 0 is taken as 1. */
export function seededRandom(seed: number): Random {
  let state = seed | 0 || 1
  const word = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  const next = () => word() / 4294967296
  return {
    next,
    integer: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    hex(digits) {
      let text = ''
      while (text.length < digits) text += word().toString(16).padStart(8, '0')
      return text.slice(0, digits)
    },
    pick: (list) => list[Math.floor(next() * list.length)] ?? list[0],
  }
}

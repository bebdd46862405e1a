/** What can have happened to a state file. */
export interface Damage {
  readonly what: string
  readonly bytes: Buffer
  /** The first byte that is not what was written; batches that end before it are whole. */
  readonly from: number
}

/** Where the version of the format stands: behind 12 bytes that say whose file it is. */
const SCHEMA_AT = 12

/** A number of damages of all kinds; `edges` are lengths worth cutting at, before and after. */
export function damagesOf(
  state: Buffer,
  edges: readonly number[],
  random: (below: number) => number,
): Damage[] {
  const around = edges.flatMap((edge) => [edge - 1, edge, edge + 1])
  const lengths = [0, 5, ...around, ...several(10, () => random(state.length))]
  const places = several(18, () => random(state.length * 8))
  const newer = Buffer.from(state)
  newer.writeUInt32LE(newer.readUInt32LE(SCHEMA_AT) + 1, SCHEMA_AT)
  const noise = Buffer.from(several(5000, () => random(256)))
  return [
    { what: 'untouched', bytes: state, from: state.length },
    ...lengths
      .filter((length) => length <= state.length)
      .map((length) => ({
        what: `cut to ${length} of ${state.length} bytes`,
        bytes: state.subarray(0, length),
        from: length,
      })),
    ...places.map((place) => ({
      what: `bit ${place % 8} of byte ${place >> 3} of ${state.length} flipped`,
      bytes: flipped(state, place),
      from: place >> 3,
    })),
    { what: 'from a newer schema', bytes: newer, from: SCHEMA_AT },
    { what: 'not a state at all', bytes: noise, from: 0 },
    {
      what: 'followed by something else',
      bytes: Buffer.concat([state, noise]),
      from: state.length,
    },
    {
      what: 'all zero from the middle on, as after a power failure',
      bytes: Buffer.concat([state.subarray(0, state.length >> 1), Buffer.alloc(state.length >> 1)]),
      from: state.length >> 1,
    },
  ]
}

function flipped(state: Buffer, place: number): Buffer {
  const bytes = Buffer.from(state)
  bytes.writeUInt8(bytes.readUInt8(place >> 3) ^ (1 << (place % 8)), place >> 3)
  return bytes
}

function several<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}

/** How many bytes at the beginning of a file belong to its identity. */
export const HEAD_BYTES = 1024

/** How many bytes before the offset are checked before reading goes on there. */
export const MARKER_BYTES = 64

/** What the file system says of which file this is. */
export interface Identity {
  readonly dev: bigint
  readonly ino: bigint
  /** 0 where the file system does not know. */
  readonly birthtimeNs: bigint
}

/** What is needed of stat to judge a time of birth. */
export interface BirthStats {
  readonly dev: bigint
  readonly birthtimeNs: bigint
  readonly ctimeNs: bigint
}

/** A 53-bit hash of `bytes[start, end)`: tells contents apart, is no defence against forgery. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let a = 0x811c9dc5
  let b = 0x9e3779b9
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0
    a = Math.imul(a ^ byte, 0x01000193)
    b = Math.imul(b + byte, 0x85ebca6b)
    b ^= b >>> 13
  }
  return (a >>> 0) * 0x200000 + (b >>> 11)
}

/**
 * Says whether an inode still is the file it was. An inode number is used again as soon as its file
 * is deleted, so the time of birth decides; but where the kernel's statx cannot be used, the time
 * of birth is the time of the last change, and then only the contents can decide.
 */
export class BirthRecords {
  readonly #trusted = new Set<bigint>()

  /** Learns from any file or directory whether its device knows times of birth. */
  learn(stats: BirthStats): void {
    if (stats.birthtimeNs !== 0n && stats.birthtimeNs !== stats.ctimeNs) {
      this.#trusted.add(stats.dev)
    }
  }

  /** Whether `stats`, of the same device and inode, can be the file that `known` was. */
  mayBeSame(known: Pick<Identity, 'birthtimeNs'>, hasHead: boolean, stats: BirthStats): boolean {
    if (known.birthtimeNs === stats.birthtimeNs) return true
    return hasHead && !this.#trusted.has(stats.dev)
  }
}

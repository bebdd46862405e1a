import type { Identity } from './identity.ts'
import type { TrackedFile } from './tracked-file.ts'

const DEPARTED_KEPT = 16_384

/**
 * The tracked files by device and inode. Files that are gone are remembered for a while, so that
 * one that comes back (moved out and in again, a volume mounted anew) goes on where it stood.
 */
export class FileTable {
  readonly #devices = new Map<bigint, Map<bigint, TrackedFile>>()
  readonly #departed = new Map<string, TrackedFile>()
  #size = 0

  /** Number of tracked files. */
  get size(): number {
    return this.#size
  }

  /** The tracked file of this inode. */
  get(dev: bigint, ino: bigint): TrackedFile | undefined {
    return this.#devices.get(dev)?.get(ino)
  }

  /** All tracked files. */
  *files(): Generator<TrackedFile, void> {
    for (const inodes of this.#devices.values()) yield* inodes.values()
  }

  /** Tracks a file; its inode must not be tracked yet. */
  add(file: TrackedFile): void {
    file.forgotten = false
    const inodes = this.#devices.get(file.dev)
    if (inodes === undefined) this.#devices.set(file.dev, new Map([[file.ino, file]]))
    else inodes.set(file.ino, file)
    this.#size++
  }

  /** Forgets a file; with `mayReturn`, remembers where it stood. */
  remove(file: TrackedFile, mayReturn: boolean): void {
    file.forgotten = true
    const inodes = this.#devices.get(file.dev)
    if (inodes?.delete(file.ino)) this.#size--
    if (!mayReturn) return
    this.#departed.set(departedKey(file), file)
    const oldest = this.#departed.keys().next().value
    if (this.#departed.size > DEPARTED_KEPT && oldest !== undefined) this.#departed.delete(oldest)
  }

  /** Takes the file of this inode out of those that are gone. */
  takeDeparted(identity: Identity): TrackedFile | undefined {
    const key = departedKey(identity)
    const file = this.#departed.get(key)
    this.#departed.delete(key)
    return file
  }
}

function departedKey({ dev, ino }: Identity): string {
  return `${dev} ${ino}`
}

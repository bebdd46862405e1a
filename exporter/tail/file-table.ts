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
  readonly #removed: number[] | undefined
  #size = 0
  #ids = 0

  /** `keepRemoved`: whoever takes the numbers of the files that are not remembered any more. */
  constructor(keepRemoved: boolean) {
    this.#removed = keepRemoved ? [] : undefined
  }

  /** A number that no file of this table had. */
  nextId(): number {
    this.#ids += 1
    return this.#ids
  }

  /** Files that are not remembered any more, since the last call. */
  takeRemoved(): number[] {
    return this.#removed?.splice(0) ?? []
  }

  /** All files of which something has to be saved. */
  *remembered(): Generator<TrackedFile, void> {
    yield* this.files()
    yield* this.#departed.values()
  }

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
    file.touched = true
    let inodes = this.#devices.get(file.dev)
    if (inodes === undefined) {
      inodes = new Map()
      this.#devices.set(file.dev, inodes)
    }
    // One number for all files of a device: each stat makes a new one.
    const [neighbour] = inodes.values()
    if (neighbour !== undefined) file.dev = neighbour.dev
    inodes.set(file.ino, file)
    this.#size++
  }

  /** Forgets a file; with `mayReturn`, remembers where it stood. */
  remove(file: TrackedFile, mayReturn: boolean): void {
    const inodes = this.#devices.get(file.dev)
    if (inodes?.delete(file.ino)) this.#size--
    if (mayReturn) this.depart(file)
    else this.forget(file)
  }

  /** Remembers a file that is not there. */
  depart(file: TrackedFile): void {
    file.forgotten = true
    file.touched = true
    const key = departedKey(file)
    const before = this.#departed.get(key)
    if (before !== undefined) this.forget(before)
    this.#departed.delete(key)
    this.#departed.set(key, file)
    const [oldest] = this.#departed
    if (this.#departed.size <= DEPARTED_KEPT || oldest === undefined) return
    this.#departed.delete(oldest[0])
    this.forget(oldest[1])
  }

  /** Takes the file of this inode out of those that are gone. */
  takeDeparted(identity: Identity): TrackedFile | undefined {
    const key = departedKey(identity)
    const file = this.#departed.get(key)
    this.#departed.delete(key)
    return file
  }

  /** Remembers nothing of the file. */
  forget(file: TrackedFile): void {
    file.forgotten = true
    this.#removed?.push(file.id)
  }
}

function departedKey({ dev, ino }: Identity): string {
  return `${dev} ${ino}`
}

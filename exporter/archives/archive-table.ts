import type { Archive } from './archive.ts'

/** Archives that are gone and may come back: moved out and in again, a volume mounted anew. */
const GONE_KEPT = 16_384

/** The archives of one source by device and inode. */
export class ArchiveTable {
  readonly #archives = new Map<string, Archive>()
  readonly #gone = new Map<string, Archive>()
  readonly #removed: number[] | undefined
  #ids = 0

  /** `keepRemoved`: whether somebody takes the numbers of the archives that are forgotten. */
  constructor(keepRemoved: boolean) {
    this.#removed = keepRemoved ? [] : undefined
  }

  /** A number that no archive of this table had. */
  nextId(): number {
    this.#ids += 1
    return this.#ids
  }

  /** Those that are there. */
  present(): IterableIterator<Archive> {
    return this.#archives.values()
  }

  /** All of which something has to be saved. */
  *remembered(): Generator<Archive, void> {
    yield* this.#archives.values()
    yield* this.#gone.values()
  }

  /** The archive of this inode, also one that was gone: it is there again. */
  meet(dev: bigint, ino: bigint): Archive | undefined {
    const key = `${dev} ${ino}`
    const archive = this.#archives.get(key) ?? this.#gone.get(key)
    if (archive !== undefined && this.#gone.delete(key)) this.#archives.set(key, archive)
    return archive
  }

  /** Takes one in whose inode is not known. */
  add(archive: Archive): void {
    const table = archive.gone ? this.#gone : this.#archives
    table.set(`${archive.dev} ${archive.ino}`, archive)
  }

  /** No path leads to it: remembers it for a while. */
  depart(archive: Archive): void {
    const key = `${archive.dev} ${archive.ino}`
    archive.gone = true
    archive.touched = true
    this.#archives.delete(key)
    this.#gone.set(key, archive)
    const [oldest] = this.#gone
    if (this.#gone.size <= GONE_KEPT || oldest === undefined) return
    this.#gone.delete(oldest[0])
    this.#removed?.push(oldest[1].id)
  }

  /** Archives that are not remembered any more, since the last call. */
  takeRemoved(): number[] {
    return this.#removed?.splice(0) ?? []
  }
}

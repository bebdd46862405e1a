import { statSync } from 'node:fs'
import type { RowFields } from '../state/row.ts'
import type { BatchWriter } from '../state/state-rows.ts'
import type { CompressedTaker } from '../tail/compressed-files.ts'
import { ReadBuffer } from '../tail/desk.ts'
import { FileErrors, reasonOf } from '../tail/file-errors.ts'
import type { FoundFile } from '../tail/find-file.ts'
import type { TailObserver } from '../tail/sink.ts'
import { type Archive, archiveRow, newArchive, note, type OpenSink } from './archive.ts'
import { ArchiveTable } from './archive-table.ts'
import { type ArchivesStatus, statusOf } from './archives-status.ts'
import { type ArchiveDesk, readArchive, tellUnread, type UnreadReason } from './read-archive.ts'
import { endUnread } from './reading.ts'

/** How long a file must not have changed before it is read: nothing says when a writer is done. */
const QUIET_MS = 5000

/** The most of it: it doubles each time that a file was read and ended too early. */
const MOST_QUIET_MS = 300_000

/** A file that ends too early is told of when it has not grown for so long. */
const EARLY_TOLD_MS = 60_000

/** What the archives of a source are read with. */
export interface ArchivesOptions {
  readonly open: OpenSink
  readonly observer: TailObserver
  /** Told once for each file that is not read, or not to its end. */
  readonly refused: (path: string, why: UnreadReason) => void
  /** Wall clock in ms. */
  readonly clock: { now(): number }
  readonly startAt: 'end' | 'beginning'
  /** Whether somebody saves them, and so takes what changed. */
  readonly keepState: boolean
}

/**
 * The compressed files of one source: each is read once, from its beginning, when it has not changed for a
 * while; one at a time.
 */
export class Archives implements CompressedTaker {
  readonly #options: ArchivesOptions
  readonly #desk: ArchiveDesk
  readonly #table: ArchiveTable
  #sweep = 0
  #backlog: readonly Archive[] | undefined
  #current: Archive | undefined
  #run: Promise<void> | undefined
  #isStopped = false

  constructor(options: ArchivesOptions) {
    const { open, observer, refused, clock, keepState } = options
    const now = () => clock.now()
    this.#options = options
    this.#table = new ArchiveTable(keepState)
    this.#desk = {
      open,
      observer,
      errors: new FileErrors(observer, now),
      refused,
      buffer: new ReadBuffer(),
      now,
      isStopped: () => this.#isStopped,
    }
  }

  /** A round of discovery begins. */
  beginSweep(): void {
    this.#sweep += 1
  }

  /** A file was found. `wasThere`: its root is looked at for the first time. */
  sighted(found: FoundFile, wasThere: boolean): void {
    const { dev, ino, mtimeMs } = found.stats
    const known = this.#table.meet(dev, ino)
    const archive = known ?? this.#add(found, wasThere && this.#options.startAt === 'end')
    // Of what was passed over nothing but its size and its birth says whether it is the same.
    const isOther = archive.birthtimeNs !== found.stats.birthtimeNs
    if (archive.position === 0 && (isOther || found.stats.size < archive.history)) {
      archive.history = 0
    }
    const isFirstLook = archive.openPath === ''
    const changed = note(archive, found)
    archive.sweep = this.#sweep
    archive.missed = 0
    if (known !== undefined && changed) archive.phase = 'waiting'
    if (!changed && !isFirstLook) return
    const now = this.#desk.now()
    // What was not there at the last look is new, whatever its times say.
    const mayBeOld = isFirstLook && (wasThere || this.#sweep === 1 || known !== undefined)
    archive.changedAt = mayBeOld ? Math.min(now, Number(mtimeMs)) : now
    archive.dueSince = 0
  }

  /** The round has ended: what was not sighted may be gone, what is quiet is read. */
  endSweep(): void {
    for (const archive of this.#table.present()) {
      if (archive.sweep !== this.#sweep) this.#judgeMissed(archive)
      if (archive !== this.#current && archive.phase === 'early') this.#judgeEarly(archive)
      if (this.#isDue(archive)) archive.dueSince ||= this.#desk.now()
    }
    this.#backlog ??= this.#due()
    if (this.#run !== undefined || this.#isStopped) return
    this.#run = this.#readDue().finally(() => {
      this.#run = undefined
    })
  }

  /** Resolves when nothing that is due is left. */
  async idle(): Promise<void> {
    await this.#run
  }

  /** Whether all that was there at the start, and quiet, has been read or cannot be. */
  backlogApplied(): boolean {
    this.#backlog = this.#backlog?.filter(
      ({ phase, gone, retryAt }) => phase === 'waiting' && !gone && retryAt === 0,
    )
    return this.#backlog?.length === 0
  }

  /** From now on nothing is fed. */
  halt(): void {
    this.#isStopped = true
  }

  /** The same; resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.halt()
    await this.#run
  }

  /** Takes over an archive that was saved; before the first sweep. */
  restore(row: RowFields): void {
    const archive = newArchive(this.#table.nextId())
    archiveRow(archive, row, this.#options.open)
    // An early one may hold bytes that no sink has used: they are known only when it is read again.
    if (archive.phase === 'early') archive.phase = 'waiting'
    archive.offered = archive.position
    this.#table.add(archive)
  }

  /** Adds the rows of the archives that changed since the last call; yields after each. */
  *saveChanges(writer: BatchWriter, owner: number): Generator<void, void> {
    for (const archive of this.#table.remembered()) {
      if (!archive.touched) continue
      archive.touched = false
      yield this.#put(archive, writer, owner)
    }
    for (const id of this.#table.takeRemoved()) writer.put('archive_gone', { owner, id })
  }

  /** Adds the rows of all archives; yields after each. */
  *saveAll(writer: BatchWriter, owner: number): Generator<void, void> {
    for (const archive of this.#table.remembered()) yield this.#put(archive, writer, owner)
  }

  /** What can be said of them right now. */
  status(): ArchivesStatus {
    return statusOf(this.#table.present(), this.#current, this.#desk.now())
  }

  #put(archive: Archive, writer: BatchWriter, owner: number): void {
    const { open } = this.#options
    writer.put('archive', { owner, id: archive.id }, (row) => archiveRow(archive, row, open))
  }

  #add({ stats }: FoundFile, isHistory: boolean): Archive {
    const { dev, ino, birthtimeNs, size } = stats
    const archive = Object.assign(newArchive(this.#table.nextId()), { dev, ino, birthtimeNs })
    if (isHistory && size > 0n) {
      archive.history = Number(size)
      archive.phase = 'over'
    }
    this.#table.add(archive)
    return archive
  }

  #isDue({ phase, size, changedAt, tries, retryAt }: Archive): boolean {
    const now = this.#desk.now()
    const quietMs = Math.min(QUIET_MS * 2 ** tries, MOST_QUIET_MS)
    return phase === 'waiting' && size > 0 && now >= retryAt && now - changedAt >= quietMs
  }

  /** The oldest first; those of the same moment by their names. */
  #due(): Archive[] {
    const due = [...this.#table.present()].filter((archive) => this.#isDue(archive))
    return due.sort((a, b) => a.mtimeNs - b.mtimeNs || (a.path < b.path ? -1 : 1))
  }

  async #readDue(): Promise<void> {
    for (let due = this.#due(); due.length > 0; due = this.#due()) {
      for (const archive of due) {
        if (this.#isStopped) return
        if (archive.gone || !this.#isDue(archive)) continue
        this.#current = archive
        await readArchive(archive, this.#desk)
        this.#current = undefined
      }
    }
  }

  /** Its connections may fall silent, and somebody may want to know. */
  #judgeEarly(archive: Archive): void {
    const quietMs = this.#desk.now() - archive.changedAt
    if (archive.sink?.silent(quietMs) === true) archive.touched = true
    if (quietMs >= EARLY_TOLD_MS) tellUnread(archive, 'early', this.#desk)
  }

  #judgeMissed(archive: Archive): void {
    archive.missed += 1
    if (archive.missed < 2 || archive === this.#current || isThere(archive)) return
    const { phase, size, rest } = archive
    const lost = phase === 'over' ? 0 : phase === 'early' ? rest : size
    if (lost > 0) this.#desk.observer.lost('deleted', lost)
    if (phase !== 'over') endUnread(archive)
    this.#table.depart(archive)
  }
}

/** What cannot be looked at now may still be there. */
function isThere({ path, dev, ino }: Archive): boolean {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stats?.dev === dev && stats.ino === ino
  } catch (error) {
    return reasonOf(error) !== 'gone'
  }
}

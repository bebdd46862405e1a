/** The directory as its writers know it: it does what a schedule says, as far as the promise reaches. */
import {
  copyFileSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { connectionClosed } from '../../crashes/support/records.ts'
import { header, lengthOf, packet } from '../support/book.ts'
import { writeAll } from '../support/log-file.ts'
import type { FileAction } from './schedule.ts'
import {
  close,
  isCovered,
  isOpen,
  isTorn,
  MAX_RECORD_BYTES,
  newFile,
  type WorldFile,
} from './world-file.ts'

const NAMES = 3
const LINK = 'link.sqlog'
const PADDING = `,"pad":"${'x'.repeat(MAX_RECORD_BYTES)}"`
const CLOSED = connectionClosed(0)

/** Where things happen, and what the exporter promises. */
export interface WorldOptions {
  /** What the exporter follows. */
  readonly root: string
  /** What it does not. */
  readonly away: string
  readonly now: () => number
  /** How long the writer of a file that was taken away may go on, and how long it is read; in ms. */
  readonly writesForMs: number
  readonly graceMs: number
  /** Whether it is known when the exporter gives up a file that was taken away. */
  readonly endsAreKnown: boolean
}

export class World {
  readonly files: WorldFile[] = []
  /** Whether anything was done to a file since this was set to false. */
  moved = false
  readonly #options: WorldOptions
  #serial = 0
  #records = 0

  constructor(options: WorldOptions) {
    this.#options = options
    mkdirSync(options.root, { recursive: true })
    mkdirSync(options.away, { recursive: true })
  }

  get now(): number {
    return this.#options.now()
  }

  /** Does it, if it can be done and its outcome is promised. */
  act(action: FileAction): void {
    switch (action.type) {
      case 'create':
        this.#create(this.#path(`${action.name % NAMES}.sqlog`))
        break
      case 'swap':
        this.#swap()
        break
      case 'write':
        this.#write(pick(this.#writable(), action.file), action.records)
        break
      case 'tear':
        this.#tear(pick(this.#tearable(), action.file), action.percent, action.long)
        break
      case 'mend':
        this.#mend(pick(this.#writable().filter(isTorn), action.file))
        break
      case 'close':
        this.#close(pick(this.#writable(), action.file))
        break
      case 'rotate':
        this.#rename(pick(this.#plain(), action.file), this.#path(`rotated-${this.#new()}.sqlog`))
        break
      case 'aside':
        this.#aside(pick(this.#plain().filter(mayDetach), action.file))
        break
      case 'away':
        this.#away(pick(this.#vanishing(), action.file))
        break
      case 'delete':
        this.#delete(pick(this.#vanishing(), action.file), action.closed)
        break
      case 'copytruncate':
        this.#truncate(pick(this.#named().filter(isOpen), action.file))
        break
    }
  }

  /** All writers close their files. */
  end(): void {
    this.files.forEach(close)
  }

  #new(): number {
    this.#serial += 1
    return this.#serial
  }

  #path(name: string): string {
    return join(this.#options.root, name)
  }

  #named(): WorldFile[] {
    return this.files.filter(({ place }) => place === 'read')
  }

  #plain(): WorldFile[] {
    return this.#named().filter(({ linked }) => !linked)
  }

  /** Files whose content reaches the exporter even if they are deleted now. */
  #vanishing(): WorldFile[] {
    const { endsAreKnown } = this.#options
    return this.files.filter(
      (file) =>
        (file.place === 'read' || file.place === 'aside') &&
        (file.held || isCovered(file, file.now)) &&
        (endsAreKnown || !isTorn(file)),
    )
  }

  /** The writer of a file that nobody finds any more stops in time. */
  #writable(): WorldFile[] {
    const { writesForMs } = this.#options
    return this.files.filter((file) => {
      if (!isOpen(file)) return false
      if (file.place === 'read') return true
      const isRead = file.place === 'aside' ? file.now.known : file.held
      return isRead && this.now - file.detachedAt < writesForMs
    })
  }

  #tearable(): WorldFile[] {
    const { endsAreKnown } = this.#options
    return this.#writable().filter(
      (file) => !isTorn(file) && (endsAreKnown || file.place !== 'gone'),
    )
  }

  #create(path: string, linked = false): void {
    if (existsSync(path)) return
    const fd = openSync(path, 'a')
    const { ino } = fstatSync(fd, { bigint: true })
    this.files.push(newFile({ id: this.#new(), ino, linked, fd, path }))
    this.moved = true
  }

  #swap(): void {
    const link = this.#path(LINK)
    const before = this.#named().find(({ linked }) => linked)
    if (before !== undefined && !mayDetach(before)) return
    const target = this.#path(`target-${this.#new()}`)
    this.#create(target, true)
    symlinkSync(target, `${link}.new`)
    renameSync(`${link}.new`, link)
    if (before !== undefined) this.#detach(before, 'aside')
  }

  #rename(file: WorldFile | undefined, to: string): void {
    if (file?.path === undefined) return
    renameSync(file.path, to)
    file.path = to
    this.moved = true
  }

  #aside(file: WorldFile | undefined): void {
    if (file === undefined) return
    this.#rename(file, this.#path(`aside.sqlog.${this.#new()}`))
    this.#detach(file, 'aside')
  }

  #away(file: WorldFile | undefined): void {
    if (file === undefined) return
    this.#unlink(file)
    this.#rename(file, join(this.#options.away, `${this.#new()}.sqlog`))
    this.#detach(file, 'gone')
  }

  #delete(file: WorldFile | undefined, closed: boolean): void {
    if (file?.path === undefined) return
    if (closed) close(file)
    this.#unlink(file)
    unlinkSync(file.path)
    file.path = undefined
    this.#detach(file, 'gone')
  }

  #unlink({ linked, place }: WorldFile): void {
    if (linked && place === 'read') unlinkSync(this.#path(LINK))
  }

  #detach(file: WorldFile, place: 'aside' | 'gone'): void {
    if (file.place === 'read') file.detachedAt = this.now
    file.place = place
    this.moved = true
  }

  #truncate(file: WorldFile | undefined): void {
    if (file?.path === undefined || file.written.bytes === 0) return
    copyFileSync(file.path, this.#path(`copy-${this.#new()}`))
    ftruncateSync(file.fd, 0)
    const { fd, ino, linked, path } = file
    this.files.splice(
      this.files.indexOf(file),
      1,
      { ...file, fd: -1, path: undefined, place: 'cut', held: false },
      newFile({ id: this.#new(), ino, linked, fd, path }, file),
    )
    this.moved = true
  }

  #write(file: WorldFile | undefined, records: number): void {
    if (file === undefined) return
    this.#mend(file)
    for (let k = 0; k < records; k += 1) {
      const i = this.#records++
      this.#put(file, this.#begin(file) + packet(i), { records: 1, payload: lengthOf(i) })
    }
  }

  #tear(file: WorldFile | undefined, percent: number, long: boolean): void {
    if (file === undefined) return
    const i = this.#records++
    const record = packet(i, long ? PADDING : '')
    // A separator alone would be no record yet.
    const cut = Math.max(2, Math.floor((percent / 100) * (record.length - 1)))
    this.#put(file, this.#begin(file) + record.slice(0, cut))
    file.torn = {
      payload: lengthOf(i),
      bytes: cut,
      rest: record.slice(cut),
      whole: cut === record.length - 1,
      long,
    }
  }

  #mend(file: WorldFile | undefined): void {
    if (file?.torn === undefined) return
    const { payload, bytes, rest, long } = file.torn
    file.torn = undefined
    this.#put(file, rest, long ? undefined : { records: 1, payload })
    if (!long) return
    // Its separators are no part of it.
    const length = bytes + rest.length - 2
    file.long = { records: file.long.records + 1, bytes: file.long.bytes + length }
  }

  #close(file: WorldFile | undefined): void {
    if (file === undefined || file.closed || file.written.records === 0) return
    this.#mend(file)
    file.closed = true
    this.#put(file, CLOSED)
  }

  /** A trace without its header tells nobody anything. */
  #begin({ id, written }: WorldFile): string {
    return written.bytes === 0 ? header(`${id}`) : ''
  }

  #put(file: WorldFile, text: string, more = { records: 0, payload: 0 }): void {
    const { graceMs } = this.#options
    const { records, payload, bytes } = file.written
    file.written = {
      records: records + more.records,
      payload: payload + more.payload,
      bytes: bytes + writeAll(file.fd, text),
    }
    this.moved = true
    const late = file.place !== 'read' && this.now - file.detachedAt >= graceMs
    if (late) throw new Error('the machine stood still: a writer came too late')
  }
}

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % list.length]
}

/** Whether the file is found again under another name in its directory. */
function mayDetach({ held, now }: WorldFile): boolean {
  return held || now.known
}

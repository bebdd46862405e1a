import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Harness } from './tail-harness.ts'
import { GRACE_MS } from './tail-harness.ts'

const NAMES = 4

/** What can happen in the directory; numbers choose a name or a file, modulo what there is. */
export type Action =
  | { readonly type: 'create' | 'unlink' | 'truncate'; readonly name: number }
  | { readonly type: 'move' | 'replace'; readonly name: number; readonly to: number }
  | { readonly type: 'aside' | 'hint'; readonly name: number }
  | { readonly type: 'back'; readonly file: number; readonly name: number }
  | { readonly type: 'write'; readonly file: number; readonly records: number }
  | { readonly type: 'tear'; readonly file: number }
  | { readonly type: 'release'; readonly file: number }
  | { readonly type: 'sweep' }
  | { readonly type: 'wait'; readonly ms: number }

/** One inode as its writer knows it. */
export interface ModelFile {
  readonly id: number
  fd: number
  /** Its name in the directory; undefined: moved aside or deleted. */
  name: number | undefined
  aside: boolean
  detachedAt: number
  /** Whether the tailer has had a chance to open it. */
  seen: boolean
  bytes: number
  records: string[]
  torn: boolean
  /** Records that may or may not count: torn when the file came back after its end. */
  doubtful: Set<string>
}

/** The directory as its writers know it. */
export class Model {
  readonly files: ModelFile[] = []
  readonly #all: Harness
  #written = 0
  #swept = false

  constructor(all: Harness) {
    this.#all = all
  }

  /** Does it to the real directory, if it is possible. */
  async run(action: Action): Promise<void> {
    switch (action.type) {
      case 'create':
        return this.#create(action.name % NAMES)
      case 'unlink':
        return this.#detach(this.#named(action.name), false)
      case 'aside':
        return this.#detach(this.#named(action.name), true)
      case 'move':
        return this.#move(this.#named(action.name), action.to % NAMES, false)
      case 'replace':
        return this.#move(this.#named(action.name), action.to % NAMES, true)
      case 'back':
        return this.#back(this.files[action.file % this.files.length], action.name % NAMES)
      case 'truncate':
        return this.#truncate(this.#named(action.name))
      case 'write':
        return this.#write(this.#writable(action.file), action.records)
      case 'tear':
        return this.#tear(this.#writable(action.file))
      case 'release':
        return this.#release(this.files[action.file % this.files.length])
      case 'hint':
        return this.#hint(action.name % NAMES)
      case 'sweep':
        return this.sweep()
      case 'wait':
        this.#all.clock.ms += action.ms
    }
  }

  /** Lets the tailer sweep. */
  async sweep(): Promise<void> {
    await this.#all.tailer.sweep()
    this.#swept = true
    for (const file of this.files) file.seen ||= file.name !== undefined
  }

  /** All writers close their files. */
  end(): void {
    for (const file of this.files) this.#release(file)
  }

  #path(name: number): string {
    return join(this.#all.dir, `${name}.sqlog`)
  }

  #named(name: number): ModelFile | undefined {
    return this.files.find((file) => file.name === name % NAMES)
  }

  /** The writer of a file that is gone stops before the grace time has passed. */
  #writable(index: number): ModelFile | undefined {
    const file = this.files[index % this.files.length]
    if (file === undefined || file.fd < 0) return undefined
    const late = this.#all.clock.ms - file.detachedAt >= GRACE_MS
    return file.name === undefined && late ? undefined : file
  }

  #create(name: number): void {
    if (this.#named(name) !== undefined) return
    this.files.push({
      id: this.files.length,
      fd: openSync(this.#path(name), 'a'),
      name,
      aside: false,
      detachedAt: 0,
      seen: false,
      bytes: 0,
      records: [],
      torn: false,
      doubtful: new Set(),
    })
  }

  #detach(file: ModelFile | undefined, aside: boolean): void {
    if (file?.name === undefined) return
    if (aside) renameSync(this.#path(file.name), join(this.#all.dir, `aside-${file.id}`))
    else rmSync(this.#path(file.name))
    file.name = undefined
    file.aside = aside
    file.detachedAt = this.#all.clock.ms
  }

  #move(file: ModelFile | undefined, to: number, replace: boolean): void {
    if (file?.name === undefined || file.name === to) return
    const target = this.#named(to)
    if (target !== undefined && !replace) return
    this.#detach(target, false)
    renameSync(this.#path(file.name), this.#path(to))
    file.name = to
  }

  #back(file: ModelFile | undefined, name: number): void {
    if (!file?.aside || existsSync(this.#path(name))) return
    renameSync(join(this.#all.dir, `aside-${file.id}`), this.#path(name))
    file.name = name
    file.aside = false
    if (file.torn) file.doubtful.add(file.records.at(-1) ?? '')
  }

  #truncate(file: ModelFile | undefined): void {
    if (file === undefined || file.fd < 0) return
    ftruncateSync(file.fd, 0)
    file.torn = false
  }

  #write(file: ModelFile | undefined, records: number): void {
    if (file === undefined) return
    let text = file.torn ? ';\n' : ''
    file.torn = false
    for (let i = 0; i < records; i++) {
      const record = `${file.id}:${this.#written++};`
      file.records.push(record)
      text += `${record}\n`
    }
    this.#put(file, text)
  }

  #tear(file: ModelFile | undefined): void {
    if (file === undefined || file.torn) return
    const record = `${file.id}:${this.#written++};`
    file.records.push(record)
    file.torn = true
    this.#put(file, record.slice(0, -1))
  }

  #put(file: ModelFile, text: string): void {
    writeSync(file.fd, text)
    file.bytes += text.length
  }

  #release(file: ModelFile | undefined): void {
    if (file === undefined || file.fd < 0) return
    closeSync(file.fd)
    file.fd = -1
  }

  async #hint(name: number): Promise<void> {
    this.#all.tailer.lookAt([this.#path(name)])
    for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve))
    const file = this.#named(name)
    // Before the first sweep the tailer does not know where the name belongs.
    if (file !== undefined && this.#swept) file.seen = true
  }
}

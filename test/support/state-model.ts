/** Random use of a state file, and what must be on the disk at every moment of it. */
import { stat } from 'node:fs/promises'
import fc from 'fast-check'
import { loadState } from '../../exporter/state/load-state.ts'
import { StateFile } from '../../exporter/state/state-file.ts'
import type { SmallDisk } from './small-disk.ts'
import { restore, ToyState } from './state-toy.ts'

export type Action =
  | { readonly type: 'put'; readonly row: number; readonly bytes: number }
  | { readonly type: 'commit' }
  | { readonly type: 'look' }
  | { readonly type: 'settle' }
  | { readonly type: 'reopen' }
  | { readonly type: 'fill' }
  | { readonly type: 'empty' }
  | { readonly type: 'slice'; readonly rows: number }
  | { readonly type: 'rewrite'; readonly rows: number }
  | { readonly type: 'wait'; readonly times: number }

const CHANCES: readonly (readonly [number, fc.Arbitrary<Action>])[] = [
  [
    8,
    fc.record({
      type: fc.constant('put'),
      row: fc.nat({ max: 30 }),
      bytes: fc.nat({ max: 3000 }),
    }),
  ],
  [8, fc.record({ type: fc.constant('commit') })],
  [3, fc.record({ type: fc.constant('slice'), rows: fc.integer({ min: 1, max: 4 }) })],
  [4, fc.record({ type: fc.constant('rewrite'), rows: fc.integer({ min: 1, max: 8 }) })],
  [8, fc.record({ type: fc.constant('wait'), times: fc.integer({ min: 1, max: 12 }) })],
  [2, fc.record({ type: fc.constant('settle') })],
  [4, fc.record({ type: fc.constant('look') })],
  [1, fc.record({ type: fc.constant('reopen') })],
  [1, fc.record({ type: fc.constant('fill') })],
  [2, fc.record({ type: fc.constant('empty') })],
]

/** Sequences of actions; filling and emptying the disk means something on a small disk only. */
export const someActions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(...CHANCES.map(([weight, arbitrary]) => ({ weight, arbitrary }))),
  { minLength: 1, maxLength: 150, size: 'max' },
)

export class StateModel {
  /** Commits that met a full disk, commits that were written, and rewrites that came to their end. */
  readonly seen = { full: 0, written: 0, rewritten: 0 }
  readonly #dir: string
  readonly #disk: SmallDisk | undefined
  #file: StateFile
  #toy = new ToyState()
  #puts = 0
  /** What the rows were when each commit was handed in. */
  #handedIn: string[] = []
  /** The last of them that was written. */
  #resolved = -1
  #pending: Promise<unknown>[] = []

  constructor(dir: string, disk?: SmallDisk) {
    this.#dir = dir
    this.#disk = disk
    this.#file = this.#open()
  }

  async run(action: Action): Promise<void> {
    if (action.type === 'put') {
      this.#puts++
      this.#toy.put(action.row, `${this.#puts}:${'x'.repeat(action.bytes)}`)
    } else if (action.type === 'commit') this.#commit()
    else if (action.type === 'slice') this.#slice(action.rows)
    else if (action.type === 'rewrite') this.#rewrite(action.rows)
    else if (action.type === 'look') this.#look()
    else if (action.type === 'reopen') await this.#reopen()
    else if (action.type === 'fill') this.#disk?.fill()
    else if (action.type === 'empty') this.#disk?.empty()
    else if (action.type === 'settle') await this.#settle()
    // Each takes about as long as one step of the file's own work.
    else for (let time = 0; time < action.times; time++) await stat(this.#dir)
  }

  /** However it went, with space on the disk a rewrite heals it. */
  async end(): Promise<void> {
    this.#disk?.empty()
    await this.#settle()
    this.#look()
    await this.#file.rewrite(this.#toy.parts(3)).catch(underWay)
    await this.#settle()
    this.#toy.put(99, 'the end')
    this.#commit()
    await this.#settle()
    if (this.#resolved !== this.#handedIn.length - 1) throw new Error('the last commit failed')
    this.#look()
    if (this.#file.wantsImage) throw new Error('an image is wanted after the rewrite')
    await this.#file.synced()
    await this.#file.close()
  }

  #commit(): void {
    const index = this.#handedIn.push(this.#toy.text()) - 1
    const written = () => {
      this.#resolved = Math.max(this.#resolved, index)
      this.seen.written++
    }
    this.#pending.push(this.#file.commit(this.#toy.batch()).then(written, this.#refused))
  }

  #slice(rows: number): void {
    this.#pending.push(this.#file.slice(this.#toy.batch(rows)).catch(this.#refused))
  }

  readonly #refused = (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOSPC') this.seen.full++
    else if (!/takes a rewrite/.test(error.message)) throw error
  }

  #rewrite(rows: number): void {
    const done = () => {
      this.seen.rewritten++
    }
    const refused = (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOSPC') underWay(error)
    }
    this.#pending.push(this.#file.rewrite(this.#toy.parts(rows)).then(done, refused))
  }

  /** What a process that is started now would find. */
  #look(): void {
    const loaded = loadState(this.#dir)
    if (loaded.type === 'unusable') throw new Error(`unusable: ${loaded.why}`)
    if (loaded.type === 'none') {
      if (this.#resolved >= 0) throw new Error('a written commit is not there')
      return
    }
    const found = new ToyState(restore(loaded.batches)).text()
    const at = this.#handedIn.lastIndexOf(found)
    if (at < 0) throw new Error('no state that was ever handed in')
    if (at < this.#resolved) throw new Error(`commit ${at}, but ${this.#resolved} was written`)
  }

  async #reopen(): Promise<void> {
    const closed = this.#file.close()
    await this.#settle()
    await closed
    this.#look()
    const loaded = loadState(this.#dir)
    this.#file = this.#open()
    this.#toy = new ToyState(loaded.type === 'state' ? restore(loaded.batches) : undefined)
    this.#handedIn = loaded.type === 'state' ? [this.#toy.text()] : []
    this.#resolved = this.#handedIn.length - 1
  }

  #open(): StateFile {
    return new StateFile(this.#dir, 'async', (error) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    })
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#pending)
    this.#pending = []
  }
}

function underWay(error: Error): void {
  if (!/^(a rewrite is under way|the state file is closed)$/.test(error.message)) throw error
}

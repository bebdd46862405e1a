import type { Writer } from '../../test/crashes/support/writer.ts'

const TICK_MS = 20
const STREAMS = 4
const MOST_AT_ONCE = 40
const BURST = 4000
/** In each so many ticks each of the actions happens once, on average; else some packets are appended. */
const RARITY = 300
const ONE_IN = ['burst', 'end', 'rename and write on', 'rotate', 'end what was rotated'] as const

/** A proxy that does at random all that the promise covers, whatever happens to the reader meanwhile. */
export class RandomWriting {
  /** Names of files that are ended: nothing will follow in them. */
  readonly ended: string[] = []
  readonly actions: Record<string, number> = {}
  readonly #writer: Writer
  readonly #random: (below: number) => number
  #timer: NodeJS.Timeout | undefined
  #names = 0
  /** Streams that were renamed away from their name and are still written to, until their end. */
  readonly #rotated: string[] = []

  constructor(writer: Writer, random: (below: number) => number) {
    this.#writer = writer
    this.#random = random
  }

  resume(): void {
    this.#timer ??= setInterval(() => this.#act(), TICK_MS)
  }

  /** Nothing is left half written. */
  pause(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#writer.flush()
  }

  /** A name that no file ever had. */
  newName(): string {
    return `stream-${this.#names++}.sqlog`
  }

  /** Any stream that is open. */
  any(): string {
    const names = this.#writer.names
    return names[this.#random(names.length)] ?? ''
  }

  #act(): void {
    while (this.#writer.names.length < STREAMS) {
      this.#writer.begin(this.newName())
      this.#count('begin')
    }
    const name = this.any()
    const action = ONE_IN[this.#random(RARITY)]
    if (action === undefined) {
      this.#writer.append(name, this.#random(MOST_AT_ONCE), this.#random(2) === 0)
      return
    }
    this.#count(action)
    if (action === 'burst') this.#writer.append(name, BURST, true)
    if (action === 'end') this.#end(name)
    if (action === 'rename and write on') this.#writer.rename(name, this.newName())
    if (action === 'rotate') this.#rotate(name)
    if (action === 'end what was rotated') this.#endRotated()
  }

  /** The old file goes on for a while under another name beside the new one of its name. */
  #rotate(name: string): void {
    const old = this.newName()
    this.#writer.rename(name, old)
    this.#writer.begin(name)
    this.#writer.append(old, this.#random(MOST_AT_ONCE), true)
    this.#rotated.push(old)
  }

  #end(name: string): void {
    this.#writer.end(name)
    this.ended.push(name)
  }

  #endRotated(): void {
    const open = this.#writer.names
    for (const old of this.#rotated.splice(0)) if (open.includes(old)) this.#end(old)
  }

  #count(action: string): void {
    this.actions[action] = (this.actions[action] ?? 0) + 1
  }
}

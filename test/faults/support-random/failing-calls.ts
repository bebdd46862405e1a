/**
 * Calls of the file system that fail once, on demand: what a network file system or a dying disk does,
 * and no file system here can be made to do.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/** Every call by which files are found and read. */
const CALLS = [
  'openSync',
  'readSync',
  'fstatSync',
  'lstatSync',
  'statSync',
  'realpathSync',
  'readdirSync',
  'opendirSync',
  'readlinkSync',
] as const

/** One of them, or the next entry of a listing that was begun. */
export type Call = (typeof CALLS)[number] | 'Dir.readSync'

/** All of them. */
export const WATCHED: readonly Call[] = [...CALLS, 'Dir.readSync']

type Anything = (...args: never[]) => unknown

/** Counts the calls while it is armed, and lets one of them fail. */
export class FailingCalls {
  /** The calls so far, in their order. */
  readonly calls: Call[] = []
  #armed = false
  #failAt = -1
  #code = ''

  constructor() {
    const watched = fs as unknown as Record<string, Anything>
    for (const call of CALLS) watched[call] = this.#watch(call, watched[call] as Anything)
    const { prototype } = fs.Dir as unknown as { prototype: Record<string, Anything> }
    prototype.readSync = this.#watch('Dir.readSync', prototype.readSync as Anything)
    syncBuiltinESMExports()
  }

  /** The call of this number fails, after those that are counted from now on. */
  plan(number: number, code: string): void {
    this.calls.length = 0
    this.#failAt = number
    this.#code = code
  }

  /** Calls count only while this work is done. */
  async during(work: () => Promise<void>): Promise<void> {
    this.#armed = true
    try {
      await work()
    } finally {
      this.#armed = false
    }
  }

  #watch(call: Call, real: Anything): Anything {
    const owner = this
    return function (this: unknown, ...args) {
      if (owner.#armed && owner.calls.push(call) - 1 === owner.#failAt) {
        throw systemError(owner.#code, call)
      }
      return real.apply(this, args)
    }
  }
}

function systemError(code: string, call: Call): Error {
  const syscall = call.replace(/^.*\.|Sync$/g, '')
  const error = new Error(`${code}: injected, ${syscall}`)
  return Object.assign(error, { code, syscall, errno: -1 })
}

/**
 * Files that name backends. They are looked at every few seconds: a file that was replaced, mounted anew or is
 * reached by another link is a change like any other. A file that cannot be used changes nothing.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { ProbingMetrics } from '../collectors/probing.ts'
import type { ModuleConfig } from '../config/schema.ts'
import { type FileTarget, readTargetsFile } from '../config/targets-file.ts'
import type { Logger } from '../logging.ts'
import type { ProbeClock } from './clock.ts'

/** Milliseconds between two looks. */
export const LOOK_EVERY_MS = 5000
const LONGEST_FILE_BYTES = 4 << 20

export interface TargetsFilesOptions {
  readonly files: readonly string[]
  /** Modules that there are besides `default`. */
  readonly modules: readonly ModuleConfig[]
  readonly metrics: ProbingMetrics
  readonly clock: ProbeClock
  readonly log: Logger
  /** The files name other backends than before. */
  readonly changed: () => void
}

interface FileState {
  /** As it was when it was read last, good or not. */
  text: string | undefined
  /** Of its last good form. */
  targets: readonly FileTarget[]
  /** Why it could not be used, told once; undefined if it could. */
  trouble: string | undefined
}

export class TargetsFiles {
  readonly #options: TargetsFilesOptions
  readonly #states: ReadonlyMap<string, FileState>
  #cancel: (() => void) | undefined
  #looking: Promise<void> | undefined
  #isStopped = false

  /** `before`: files that stay have their last good form. */
  constructor(options: TargetsFilesOptions, before?: TargetsFiles) {
    this.#options = options
    const known = before === undefined ? undefined : before.#states
    this.#states = new Map(
      options.files.map((file) => {
        const { targets = [], trouble } = known?.get(file) ?? {}
        return [file, { text: undefined, targets, trouble }]
      }),
    )
    if (options.files.length > 0) options.metrics.filesOpened()
    else if (before !== undefined && before.#states.size > 0) options.metrics.filesLooked(0)
  }

  /** All backends that they name, the first file's first. */
  get targets(): readonly FileTarget[] {
    return [...this.#states.values()].flatMap(({ targets }) => targets)
  }

  start(): void {
    if (this.#states.size > 0) void this.look()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  /** One look at every file. Never rejects. */
  look(): Promise<void> {
    this.#cancel?.()
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
      if (this.#isStopped) return
      this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => void this.look())
    })
    return this.#looking
  }

  async #look(): Promise<void> {
    let isChanged = false
    for (const [file, state] of this.#states) {
      const text = await textOf(file)
      if (this.#isStopped) return
      if (typeof text !== 'string') {
        // What it holds when it is back is new, whatever it held before.
        state.text = undefined
        this.#failed(file, state, text.trouble)
      } else if (text !== state.text) isChanged = this.#read(file, state, text) || isChanged
    }
    const troubled = [...this.#states.values()].filter(({ trouble }) => trouble !== undefined)
    this.#options.metrics.filesLooked(troubled.length)
    if (isChanged) this.#options.changed()
  }

  /** Whether it says anything new. */
  #read(file: string, state: FileState, text: string): boolean {
    state.text = text
    const { targets, errors } = readTargetsFile(text, file, this.#options.modules)
    if (targets === undefined) {
      this.#failed(file, state, errors.join('; '))
      return false
    }
    if (state.trouble !== undefined) {
      this.#options.log.info('a file of targets is good again', { file })
    }
    state.trouble = undefined
    state.targets = targets
    return true
  }

  #failed(file: string, state: FileState, trouble: string): void {
    if (state.trouble === trouble) return
    state.trouble = trouble
    this.#options.metrics.fileFailed()
    const kept = state.targets.length
    this.#options.log.warn('a file of targets cannot be used', { errors: trouble, file, kept })
  }
}

async function textOf(path: string): Promise<string | { readonly trouble: string }> {
  try {
    // Whoever opens a pipe would wait for its writer; and what is there now may be another a moment later.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await file.stat()
      if (!stats.isFile()) return { trouble: 'is no file' }
      if (stats.size > LONGEST_FILE_BYTES)
        return { trouble: `longer than ${LONGEST_FILE_BYTES} bytes` }
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { trouble: code === 'ENOENT' ? 'no such file' : code }
  }
}

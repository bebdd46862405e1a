import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Scope } from './scope.ts'

/** A command line that is started again and again. */
export interface CommandLine {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

const STDERR_KEPT = 4000
const ERROR_LINE = /^.*"level":"(?:error|fatal)".*$/gm

// A test that is cut short must not leave programs behind; SIGALRM is tap's time-out.
const running = new Set<ChildProcess>()
const killRunning = () => {
  for (const child of running) child.kill('SIGKILL')
}
process.on('exit', killRunning).on('SIGALRM', killRunning)

/** One program that is killed and started again with the same command line. */
export class Restartable {
  readonly commandLine: CommandLine
  /** How it ended each time that nobody had asked it to. */
  readonly crashes: string[] = []
  /** Lines of its log that say error, of all its lives. */
  readonly errors: string[] = []
  starts = 0
  /** When it was started last, by `performance.now()`. */
  startedAt = 0
  #child: ChildProcess | undefined
  readonly #asked = new WeakSet<ChildProcess>()
  #ended: Promise<number | null> = Promise.resolve(null)
  #stderr = ''

  constructor(scope: Scope, commandLine: CommandLine) {
    this.commandLine = commandLine
    scope.teardown(() => this.kill())
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  /** The end of what its latest life printed on standard error. */
  get stderr(): string {
    return this.#stderr
  }

  /** Resolves to the exit code of the latest life; null: killed by a signal. */
  get ended(): Promise<number | null> {
    return this.#ended
  }

  start(): void {
    if (this.isRunning) throw new Error(`${this.commandLine.program} is running already`)
    const { program, args, cwd, env } = this.commandLine
    const child = spawn(program, args, {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
      this.errors.push(...(text.match(ERROR_LINE) ?? []))
    })
    this.starts += 1
    this.startedAt = performance.now()
    this.#child = child
    running.add(child)
    this.#ended = once(child, 'close').then(([code, signal]) => {
      running.delete(child)
      if (this.#child === child) {
        this.#child = undefined
        const isUnasked = !this.#asked.has(child)
        if (isUnasked) this.crashes.push(`${signal ?? `exit code ${code}`}: ${this.#stderr}`)
      }
      return code as number | null
    })
  }

  /** Ends it with a signal; resolves when it is gone, at once if it is not running. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    child?.kill(signal)
    await this.#ended
  }

  /** Sends a signal that it may heed by ending; `kill` makes sure. */
  ask(signal: NodeJS.Signals): void {
    const child = this.#child
    if (child === undefined) return
    child.kill(signal)
    this.#asked.add(child)
  }

  /** Stops it where it stands, so that what it has done so far can be looked at. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }
}

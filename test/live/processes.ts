import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Test } from 'tap'
import { until } from '../support/until.ts'

/** How a program is to be started. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What it reads on standard input, nothing if not given. */
  readonly input?: string
}

/** Who lets go at the end; every test does. */
export type Owner = Pick<Test, 'teardown'>

/** How a program ended, and all that it printed. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A program that was started; it is stopped at the end of the test at the latest. */
export interface Running {
  readonly child: ChildProcess
  /** What it printed so far on standard error. */
  stderr(): string
  isRunning(): boolean
  readonly ended: Promise<Ending>
  /** SIGTERM, and SIGKILL when that did not help within 6 seconds. */
  stop(): Promise<Ending>
}

const LOCALHOST = '127.0.0.1'
const STOP_WITHIN_MS = 6000
const RUN_WITHIN_MS = 60_000

// A test that ends before its teardown ran must not leave servers behind; SIGALRM is tap's time-out.
const started = new Set<ChildProcess>()
const killStarted = () => {
  for (const child of started) child.kill('SIGKILL')
}
process.on('exit', killStarted).on('SIGALRM', killStarted)

/** Starts a program with nothing of this process's environment but PATH. */
export function start(t: Owner, { program, args, cwd, env, input = '' }: Command): Running {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, ...env },
  })
  started.add(child.once('close', () => started.delete(child)))
  child.stdin.on('error', () => {}).end(input)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text))
  const ended = once(child, 'close').then(
    ([code, signal]): Ending => ({ code, signal, ...output }),
    (error: Error): Ending => ({ code: null, signal: null, stdout: '', stderr: error.message }),
  )
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const stop = () => {
    if (isRunning()) child.kill('SIGTERM')
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    return ended.finally(() => clearTimeout(kill))
  }
  t.teardown(stop)
  return { child, stderr: () => output.stderr, isRunning, ended, stop }
}

/** Runs a program to its end; it is killed if it has not ended within a minute. */
export function run(t: Owner, command: Command): Promise<Ending> {
  return untilEnded(start(t, command))
}

/** Waits for the end of a program; it is killed if that does not come within a minute. */
export function untilEnded({ child, ended }: Running): Promise<Ending> {
  const kill = setTimeout(() => child.kill('SIGKILL'), RUN_WITHIN_MS)
  return ended.finally(() => clearTimeout(kill))
}

/** Waits until a started program printed something on standard error that says it is ready. */
export async function untilSaid(running: Running, sign: RegExp, withinMs = 15_000): Promise<void> {
  const isReady = () => !running.isRunning() || sign.test(running.stderr())
  await until(`${sign}`, isReady, { withinMs })
  if (!running.isRunning()) throw new Error(`ended too early: ${running.stderr().slice(-2000)}`)
}

/**
 * A port that was free on 127.0.0.1 a moment ago, for TCP and UDP. It is below the range from which
 * the kernel serves all who ask for any port, so that nobody gets it in the meantime.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) return port
  }
  throw new Error('no port is free')
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const socket = createSocket('udp4')
  try {
    await once(server.listen(port, LOCALHOST), 'listening')
    await once(socket.bind(port, LOCALHOST), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
    socket.close()
  }
}

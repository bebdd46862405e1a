import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Page, parsePage } from '../../live/exporter.ts'
import { type Running, start } from '../../live/processes.ts'
import { until } from '../../support/until.ts'

/** What is started: the program as it is, or a build or copy of it. */
export interface Program {
  readonly node: string
  readonly main: string
}

/** How the exporter is started. */
export interface ExporterOptions {
  /** Flags beyond those that every fault uses; the last word wins. */
  readonly flags?: readonly string[]
  /** A program with its arguments that sets something and becomes the exporter. */
  readonly through?: readonly string[]
  /** Modules that are loaded before the exporter. */
  readonly imports?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly program?: Program
}

/** The exporter in a process of its own. */
export interface Exporter {
  readonly running: Running
  readonly pid: number
  /** Address and port that it answers on. */
  readonly address: string
  /** A page; the same as before if that was rendered within the last second. */
  scrape(): Promise<Page>
  /** Scrapes until the page fulfils a condition; rejects with the page's own view in the message. */
  untilPage(what: string, holds: (page: Page) => boolean, withinMs?: number): Promise<Page>
  /** The first page that was rendered after this one. */
  pageAfter(page: Page): Promise<Page>
  signal(signal: NodeJS.Signals): void
}

/** Whether the kernel's hints are used; the whole suite can be run without them. */
export const WATCHING = process.env.FAULT_WATCH !== 'off'

/** Between two sweeps in these tests, and the time that a file that is gone is kept; ms. */
export const SWEEP_MS = 200
export const GRACE_MS = 1000

/** For writers that pause for several sweeps: a grace that they do not overstay on a slow machine. */
export const LONG_GRACE_MS = 2000
export const LONG_GRACE: readonly string[] = ['--tail.rotate-grace', `${LONG_GRACE_MS}ms`]

const HERE: Program = {
  node: process.execPath,
  main: fileURLToPath(new URL('../../../exporter/main.ts', import.meta.url)),
}

/** Arguments of `env`: tap loads something into every Node process that it can reach by its environment. */
export const WITHOUT_OPTIONS: readonly string[] = ['-u', 'NODE_OPTIONS']

/** Starts the exporter on a root and waits until it answers; it is stopped when the test ends. */
export async function startExporter(
  t: Test,
  root: string,
  options: ExporterOptions = {},
): Promise<Exporter> {
  const { program = HERE, imports = [], through = [], flags = [], env = {} } = options
  const args = [
    ...[...WITHOUT_OPTIONS, ...through, program.node],
    ...imports.flatMap((path) => ['--import', path]),
    ...[program.main, '--qlog-dir', root, '--start-at', 'beginning'],
    ...['--web.listen-address', '127.0.0.1:0'],
    ...['--tail.sweep-interval', `${SWEEP_MS}ms`, '--tail.rotate-grace', `${GRACE_MS}ms`],
    ...(WATCHING ? [] : ['--no-tail.watch']),
    ...flags,
  ]
  const running = start(t, { program: 'env', args, env })
  t.teardown(() => running.child.kill('SIGCONT'))
  const address = await untilServing(running)
  const exporter = clientOf(running, address)
  await untilReady(exporter)
  return exporter
}

function untilReady({ running, address }: Exporter): Promise<true> {
  const isReady = async () => {
    if (!running.isRunning()) throw new Error(`exporter ended: ${running.stderr()}`)
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok === true
  }
  return until('the exporter to be ready', isReady, { withinMs: 30_000, everyMs: 50 })
}

async function untilServing(running: Running): Promise<string> {
  const served = () => {
    if (!running.isRunning()) throw new Error(`exporter ended: ${running.stderr()}`)
    return /"metrics":"http:\/\/([^/"]+)\//.exec(running.stderr())?.[1]
  }
  return until('the exporter to serve', served, { withinMs: 30_000 })
}

function clientOf(running: Running, address: string): Exporter {
  const scrape = async () => {
    const answer = await fetch(`http://${address}/metrics`).catch((error: Error) => {
      throw new Error(`${error.message}; the exporter said: ${running.stderr().slice(-2000)}`)
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`/metrics answered ${answer.status}: ${text}`)
    return parsePage(text)
  }
  const untilPage: Exporter['untilPage'] = async (what, holds, withinMs = 30_000) => {
    let page: Page | undefined
    const ask = async () => {
      page = await scrape()
      return holds(page) && page
    }
    return until(what, ask, { withinMs, everyMs: 50 }).catch((error: Error) => {
      const samples = page?.text.match(/^quic_(exporter|packets_rec|received)_.*[1-9].*$/gm) ?? []
      throw new Error(`${error.message}\n${samples.join('\n')}`)
    })
  }
  return {
    running,
    pid: running.child.pid ?? 0,
    address,
    scrape,
    untilPage,
    // A rendering that is shared repeats even the CPU time used so far.
    pageAfter: (page) => untilPage('another page', (next) => cpuOf(next) !== cpuOf(page)),
    signal: (signal) => running.child.kill(signal),
  }
}

function cpuOf(page: Page): number {
  return page.value('process_cpu_seconds_total') ?? 0
}

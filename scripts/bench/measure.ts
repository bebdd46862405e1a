import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const REPORT_USAGE = fileURLToPath(new URL('./report-usage.ts', import.meta.url))

/** What one run of a program cost, its start included, and the page that it printed. */
export interface Run {
  /** User and system time. */
  readonly cpuSeconds: number
  readonly wallSeconds: number
  readonly peakBytes: number
  readonly page: string
}

/** The last processor that this process may use, or nothing where processes cannot be pinned. */
export function pinnableCpu(): number | undefined {
  const { stdout, status } = spawnSync('taskset', ['-cp', String(process.pid)], {
    encoding: 'utf8',
  })
  const last = status === 0 ? /(\d+)\s*$/.exec(stdout)?.[1] : undefined
  return last === undefined ? undefined : Number(last)
}

/** Runs a script with this very Node, pinned to a processor if one is given; throws if it fails. */
export async function measure(script: readonly string[], cpu?: number): Promise<Run> {
  const node = [process.execPath, '--import', REPORT_USAGE, ...script]
  const [command = '', ...rest] = cpu === undefined ? node : ['taskset', '-c', String(cpu), ...node]
  const started = performance.now()
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  const outputs = [child.stdout, child.stdio[3]] as [Readable, Readable]
  const [page, report, [status]] = await Promise.all([
    text(outputs[0]),
    text(outputs[1]),
    once(child, 'close'),
  ])
  const wallSeconds = (performance.now() - started) / 1000
  if (status !== 0) throw new Error(`${script.join(' ')} ended with ${status}`)
  const { cpuMicroseconds, peakBytes } = JSON.parse(report)
  return { cpuSeconds: cpuMicroseconds / 1e6, wallSeconds, peakBytes, page }
}

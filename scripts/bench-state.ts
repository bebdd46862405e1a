/**
 * `npm run bench:state`: what keeping the state adds to a scrape when all tracked connections (or as many as
 * `--changed` says) have changed since the last one, and how long the event loop stands still for it. In turn with an exporter of the
 * same files that keeps none.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { parseCommandLine } from '../exporter/cli.ts'
import { loadConfig } from '../exporter/config/load.ts'
import { Exporter } from '../exporter/exporter.ts'
import { spread } from './bench/statistics.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const HEADER = {
  file_schema: 'urn:ietf:params:qlog:file:sequential',
  serialization_format: 'application/qlog+json-seq',
  title: 'quic-go qlog',
  code_version: 'bench',
  trace: { vantage_point: { type: 'server' }, common_fields: { reference_time: 0 } },
}

interface Cost {
  readonly ms: number
  /** Processor time of the whole process. */
  readonly cpuMs: number
  /** Longest time that the event loop stood still. */
  readonly stallMs: number
}

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '10000' },
    changed: { type: 'string' },
    rounds: { type: 'string', default: '7' },
  },
})
const connections = Number(values.connections)
const changed = Number(values.changed ?? connections)
const rounds = Number(values.rounds)
if (!(connections > 0 && changed > 0 && rounds > 0)) {
  throw new Error('usage: npm run bench:state -- [--connections N] [--changed N] [--rounds N]')
}

const directory = mkdtempSync(join(tmpdir(), 'quic-lb-exporter-bench-state-'))
try {
  await run()
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const files = writeFiles()
  const kept = exporterOf('--storage.path', join(directory, 'state'))
  const plain = exporterOf()
  for (const exporter of [kept, plain]) await look(exporter)
  const first = await cost(() => kept.page())
  const costs = { kept: [] as Cost[], plain: [] as Cost[] }
  for (let round = 1; round <= rounds; round += 1) {
    for (const file of files.slice(0, changed)) appendFileSync(file, record(round * 1_000))
    for (const exporter of [kept, plain]) await look(exporter)
    const order = round % 2 === 0 ? (['kept', 'plain'] as const) : (['plain', 'kept'] as const)
    for (const name of order) {
      costs[name].push(await cost(() => (name === 'kept' ? kept : plain).page()))
    }
  }
  const active = /^quic_connections_active\S* (\d+)$/m.exec(await kept.page())?.[1]
  if (active !== String(connections)) throw new Error(`${active} connections are tracked`)
  console.log(
    `${connections} tracked connections in as many files, ${changed} changed before each scrape`,
  )
  console.log(`first scrape, with the whole image: ${text([first])}`)
  console.log(`scrape that keeps the state:        ${text(costs.kept)}`)
  console.log(`scrape that keeps none:             ${text(costs.plain)}`)
  const added = (of: (cost: Cost) => number) =>
    medianOf(costs.kept.map((cost, i) => of(cost) - of(costs.plain[i] as Cost))).toFixed(1)
  console.log(
    `added to a scrape: ${added(({ ms }) => ms)} ms, ${added(({ cpuMs }) => cpuMs)} ms of processor time (medians of ${rounds})`,
  )
  for (const exporter of [kept, plain]) await exporter.stop()
}

function text(costs: readonly Cost[]): string {
  const ms = medianOf(costs.map((cost) => cost.ms))
  const stall = Math.max(...costs.map(({ stallMs }) => stallMs))
  return `${ms.toFixed(1)} ms, longest stall ${stall.toFixed(1)} ms`
}

function exporterOf(...more: string[]): Exporter {
  const command = parseCommandLine(
    ['--qlog-dir', join(directory, 'qlog'), '--start-at', 'beginning', '--no-tail.watch', ...more],
    {},
  )
  if (command.command !== 'serve') throw new Error('the command line')
  const { config, errors } = loadConfig({ ...command, readFile: () => '' })
  if (config === undefined) throw new Error(errors.join('\n'))
  return new Exporter(config, SILENT)
}

async function look(exporter: Exporter): Promise<void> {
  for (const source of exporter.sources.all) await source.sweep()
}

async function cost(work: () => Promise<unknown>): Promise<Cost> {
  globalThis.gc?.()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await new Promise((resolve) => setTimeout(resolve, 20))
  delay.reset()
  const begun = performance.now()
  const cpu = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  const ms = performance.now() - begun
  await new Promise((resolve) => setTimeout(resolve, 20))
  delay.disable()
  return { ms, cpuMs: (user + system) / 1e3, stallMs: delay.max / 1e6 }
}

function writeFiles(): string[] {
  mkdirSync(join(directory, 'qlog'))
  return Array.from({ length: connections }, (_, i) => {
    const id = i.toString(16).padStart(16, '0')
    const trace = { ...HEADER.trace, common_fields: { group_id: id, reference_time: 0 } }
    const path = join(directory, 'qlog', `${id}_server.sqlog`)
    const header = `\x1e${JSON.stringify({ ...HEADER, trace })}\n`
    writeFileSync(path, header + record(0) + metrics(0))
    return path
  })
}

function record(ms: number): string {
  const header = { packet_type: '1RTT', packet_number: ms, dcid: '0102030405060708' }
  const data = { header, raw: { length: 1200 }, frames: [{ frame_type: 'ping' }] }
  return `\x1e${JSON.stringify({ time: ms, name: 'transport:packet_received', data })}\n`
}

function metrics(ms: number): string {
  const data = { smoothed_rtt: 25.5, min_rtt: 20, bytes_in_flight: 2400, congestion_window: 40960 }
  return `\x1e${JSON.stringify({ time: ms, name: 'recovery:metrics_updated', data })}\n`
}

function medianOf(values: readonly number[]): number {
  return spread(values).median
}

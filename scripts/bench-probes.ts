/**
 * `npm run bench:probes`: the exporter as an operator runs it, on one core, probing thousands of real backends
 * on loopback: how much processor time that takes, how late probes begin, whether sockets and memory stay
 * where they are. `--silent SHARE` of the backends accept connections and never answer. `--first` lets the
 * exporter go before everything else on its core, as if it were its own (niceness -20, needs root).
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    backends: { type: 'string', default: '2000' },
    silent: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '10' },
    interval: { type: 'string', default: '15' },
    core: { type: 'string', default: '0' },
    first: { type: 'boolean', default: false },
  },
})
const count = Number(values.backends)
const silentShare = Number(values.silent)
const minutes = Number(values.minutes)
const intervalS = Number(values.interval)
if (!(count > 0 && minutes > 0 && intervalS > 0 && silentShare >= 0 && silentShare <= 1)) {
  throw new Error(
    'usage: npm run bench:probes -- [--backends N] [--silent SHARE] [--minutes N] [--interval S] [--core N] [--first]',
  )
}

/** Backends of one process. */
const PER_PROCESS = 1000
/** Until every backend has had its first turns. */
const WARM_UP_S = 2 * intervalS
const SAMPLE_EVERY_S = 15
/** Ticks of processor time a second on Linux. */
const TICKS = 100

interface Sample {
  readonly atS: number
  readonly cpuS: number
  readonly rssMiB: number
  readonly descriptors: number
  /** Time that its event loop was ready to run and others ran. */
  readonly waitedS: number
}

const directory = mkdtempSync(join(tmpdir(), 'quic-lb-exporter-bench-probes-'))
const children: ChildProcess[] = []
try {
  await run()
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const ports = await startBackends()
  const port = await freePort()
  const exporter = startExporter(ports, port)
  const { pid = 0 } = exporter
  await untilServes(port)
  await sleep(WARM_UP_S * 1000)
  await delaysOf(exporter)
  const samples: Sample[] = [sampleOf(pid)]
  const pageMs: number[] = []
  for (const begun = Date.now(); Date.now() - begun < minutes * 60_000; ) {
    await sleep(SAMPLE_EVERY_S * 1000)
    // A scrape, as there would be.
    const asked = performance.now()
    await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    pageMs.push(performance.now() - asked)
    samples.push(sampleOf(pid))
  }
  const delays = await delaysOf(exporter)
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  report(samples, delays, pageMs, page)
}

async function startBackends(): Promise<number[]> {
  const silent = Math.round(count * silentShare)
  const ports: number[] = []
  for (let from = 0; from < count; from += PER_PROCESS) {
    const here = Math.min(PER_PROCESS, count - from)
    const silentHere = Math.round((silent * here) / count)
    const script = join(import.meta.dirname, 'bench/probe-backends.ts')
    const child = fork(script, [`${here - silentHere}`, `${silentHere}`])
    children.push(child)
    const [told] = (await once(child, 'message')) as [number[]]
    ports.push(...told)
  }
  return ports
}

function startExporter(ports: readonly number[], port: number): ChildProcess {
  const config = join(directory, 'config.yml')
  const backends = ports.map((one, i) => ({
    name: `b${i}`,
    probe: `http://127.0.0.1:${one}/health`,
  }))
  const probes = { interval: `${intervalS}s` }
  const metrics = { max_series: 100_000 }
  const web = { listen: [`127.0.0.1:${port}`] }
  const storage = { path: join(directory, 'state') }
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ backends, probes, metrics, web, storage }))
  const delays = join(import.meta.dirname, 'bench/probe-delays.ts')
  const main = join(import.meta.dirname, '../exporter/main.ts')
  const before = values.first ? ['nice', '-n', '-20'] : []
  // One core for all of its threads.
  const child = fork(main, ['--config.file', config, '--log.level', 'warn'], {
    // A session of its own: niceness counts among those of one session only.
    detached: values.first,
    execPath: 'taskset',
    execArgv: ['-c', values.core, ...before, process.execPath, '--import', delays],
  })
  children.push(child)
  if (values.first) writeFileSync(`/proc/${child.pid}/autogroup`, '-20')
  return child
}

async function untilServes(port: number): Promise<void> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    if (answer?.ok) return
    await sleep(100)
  }
}

/** Delays since the last call, µs. */
async function delaysOf(exporter: ChildProcess): Promise<number[]> {
  exporter.send('delays')
  const [delays] = (await once(exporter, 'message')) as [number[]]
  return delays
}

function sampleOf(pid: number): Sample {
  // The name of the program stands in brackets and may hold anything.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const rss = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return {
    atS: performance.now() / 1000,
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS,
    rssMiB: Number(rss?.[1]) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    waitedS: Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9,
  }
}

function report(
  samples: readonly Sample[],
  delays: readonly number[],
  pageMs: readonly number[],
  page: string,
): void {
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined) throw new Error('nothing was measured')
  const sorted = [...delays].sort((a, b) => a - b)
  const at = (share: number) =>
    ((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) / 1000).toFixed(1)
  const thirds = (of: (sample: Sample) => number) => {
    const third = Math.max(1, Math.floor(samples.length / 3))
    const part = (from: number) => samples.slice(from, from + third).map(of)
    return [part(0), part(samples.length - third)]
      .map((part) => `${Math.round(Math.min(...part))}–${Math.round(Math.max(...part))}`)
      .join(' → ')
  }
  const sum = (name: string) =>
    [...page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\d+)$`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    )
  const share = (of: (sample: Sample) => number) =>
    `${((100 * (of(last) - of(first))) / (last.atS - first.atS)).toFixed(1)} %`
  const rows = [
    ['backends, of them silent', `${count}, ${Math.round(count * silentShare)}`],
    ['interval, time measured', `${intervalS} s, ${((last.atS - first.atS) / 60).toFixed(1)} min`],
    ['probes', `${delays.length}`],
    ['processor, share of one core', share(({ cpuS }) => cpuS)],
    ['kept waiting by other programs', share(({ waitedS }) => waitedS)],
    ['a probe began late by: median', `${at(0.5)} ms`],
    ['p99', `${at(0.99)} ms`],
    ['worst', `${at(1)} ms`],
    ['descriptors, first third → last third', thirds(({ descriptors }) => descriptors)],
    ['resident memory in MiB, first third → last third', thirds(({ rssMiB }) => rssMiB)],
    [
      'series, longest scrape',
      `${sum('quic_exporter_series')}, ${Math.round(Math.max(...pageMs))} ms`,
    ],
    ['backends up', `${sum('quic_lb_backend_up')}`],
  ]
  console.log(`| | Node.js ${process.version} |\n|---|---|`)
  for (const [name, value] of rows) console.log(`| ${name} | ${value} |`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/**
 * `npm run bench`: replay beside two baselines on one generated stream, in turn, each a process of its
 * own. Ends with 1 if the programs do not count the same.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { comparableCounts, differences } from './bench/counts.ts'
import { cachedStream } from './bench/generate.ts'
import { measure, pinnableCpu, type Run } from './bench/measure.ts'
import { renderReport, reportOn } from './bench/report.ts'
import { SHAPES, type ShapeName } from './bench/stream/merged.ts'

const USAGE = `usage: npm run bench -- [--rounds N] [--size MEGABYTES] [--shape ${Object.keys(SHAPES).join('|')}] [--json]`
const CONNECTIONS = 10_000
/** Long enough that starting and warming up, some 0.4 s for each program, do not decide. */
const FULL_SIZE = 1000
const SEED = 1

interface Options {
  readonly rounds: number
  readonly megabytes: number
  readonly shape: ShapeName
  readonly json: boolean
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        size: { type: 'string', default: String(FULL_SIZE) },
        shape: { type: 'string', default: 'quic-go' },
        json: { type: 'boolean', default: false },
      },
    })
    const rounds = Number(values.rounds)
    const megabytes = Number(values.size)
    if (!Number.isInteger(rounds) || rounds < 1) return '--rounds: a whole number from 1'
    if (!(megabytes > 0)) return '--size: megabytes above 0'
    if (!Object.hasOwn(SHAPES, values.shape)) return `--shape: no such shape: ${values.shape}`
    return { rounds, megabytes, shape: values.shape as ShapeName, json: values.json }
  } catch (error) {
    return String(error)
  }
}

/** Reads the file once: it is in the page cache then, and its lines are counted. */
function sizeUp(path: string): { bytes: number; events: number } {
  const file = openSync(path, 'r')
  const block = Buffer.allocUnsafe(1 << 20)
  let bytes = 0
  let lines = 0
  for (let read = readSync(file, block); read > 0; read = readSync(file, block)) {
    bytes += read
    for (let at = block.indexOf(10); at !== -1 && at < read; at = block.indexOf(10, at + 1)) lines++
  }
  closeSync(file)
  return { bytes, events: lines - 1 }
}

function programs(stream: string): ReadonlyMap<string, readonly string[]> {
  const script = (path: string) => fileURLToPath(new URL(path, import.meta.url))
  return new Map([
    ['replay', [script('../exporter/main.ts'), 'replay', stream]],
    ['ndjson + client library', [script('./bench/baselines/naive.ts'), stream]],
    ['JSON.parse + plain counters', [script('./bench/baselines/json-plain.ts'), stream]],
  ])
}

/** Every second round runs the programs the other way round, so that no one always comes first. */
async function runAll(
  scripts: ReadonlyMap<string, readonly string[]>,
  rounds: number,
  cpu: number | undefined,
): Promise<ReadonlyMap<string, readonly Run[]>> {
  const runs = new Map([...scripts.keys()].map((name): [string, Run[]] => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const order = [...scripts]
    if (round % 2 === 1) order.reverse()
    for (const [name, script] of order) {
      const run = await measure(script, cpu)
      runs.get(name)?.push(run)
      console.error(`round ${round + 1}: ${name} ${run.cpuSeconds.toFixed(2)} s`)
    }
  }
  return runs
}

/** What the programs disagree about, in any run. */
function disagreements(runs: ReadonlyMap<string, readonly Run[]>): readonly string[] {
  const all = [...runs].flatMap(([name, list]) =>
    list.map((run) => ({ name, counts: comparableCounts(run.page) })),
  )
  const [first] = all
  if (first === undefined || first.counts.size === 0) return [`${first?.name} counted nothing`]
  const lines = all.flatMap(({ name, counts }) =>
    differences(first.counts, counts).map((line) => `${first.name} and ${name} differ in ${line}`),
  )
  return [...new Set(lines)]
}

async function main(options: Options): Promise<number> {
  const { shape, megabytes, rounds } = options
  const connections = Math.ceil(CONNECTIONS * Math.min(1, megabytes / FULL_SIZE))
  const stream = cachedStream(join(tmpdir(), 'quic-lb-exporter-bench'), {
    shape,
    bytes: Math.round(megabytes * 1e6),
    connections,
    seed: SEED,
  })
  const input = { shape, connections, ...sizeUp(stream) }
  const cpu = pinnableCpu()
  const runs = await runAll(programs(stream), rounds, cpu)
  const report = reportOn(input, cpu !== undefined, runs)
  const wrong = disagreements(runs)
  if (options.json) console.log(JSON.stringify({ ...report, disagreements: wrong }, null, 2))
  else console.log(renderReport(report))
  for (const line of wrong) console.error(line)
  if (wrong.length === 0) console.error('All programs counted the same.')
  return wrong.length === 0 ? 0 : 1
}

const options = readOptions()
if (typeof options === 'string') {
  console.error(`${options}\n${USAGE}`)
  process.exitCode = 2
} else {
  process.exitCode = await main(options)
}

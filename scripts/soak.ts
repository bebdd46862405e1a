/**
 * `npm run test:soak`: the exporter is killed with SIGKILL again and again, in every phase of its life,
 * while a proxy writes, rotates and clears away at random. Exit code 1 unless every packet is counted
 * exactly once and no counter fell; then the logs and the state are kept.
 */
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inScope } from '../test/crashes/support/scope.ts'
import { soak } from './soak/run.ts'

const USAGE = 'usage: npm run test:soak -- [--kills N] [--minutes N] [--seed N] [--write FILE]'

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  const directory = mkdtempSync(join(tmpdir(), 'quic-lb-soak-'))
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  tell(`seed ${options.seed}`)
  const outcome = await inScope((scope) => soak(scope, { ...options, directory }, tell))
  const text = `${JSON.stringify(outcome, null, 2)}\n`
  process.stdout.write(text)
  if (options.write !== undefined) writeFileSync(options.write, text)
  const isExact = outcome.faults.length === 0
  if (isExact) rmSync(directory, { recursive: true })
  else tell(`not exact; logs and state are kept in ${directory}`)
  return isExact ? 0 : 1
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        kills: { type: 'string', default: '1000' },
        minutes: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
        write: { type: 'string' },
      },
    })
    const [kills, minutes, seed] = [
      Number(values.kills),
      Number(values.minutes),
      Number(values.seed),
    ]
    if (!Number.isInteger(kills) || kills < 1 || !(minutes > 0) || !Number.isInteger(seed)) return
    return { kills, minutes, seed, write: values.write }
  } catch {
    return undefined
  }
}

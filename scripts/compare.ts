/**
 * `npm run compare`: the exporter and mtail follow the same file, are killed at the same moments and
 * scraped by the same two Prometheus servers; how many packets does each account for? Takes about four
 * seconds for each kill. Exit code 1 if ours is not exact.
 */
import { randomInt } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { inScope } from '../test/crashes/support/scope.ts'
import { skipWithout } from '../test/live/peers.ts'
import { compare } from './compare/experiment.ts'
import { MTAIL } from './compare/mtail.ts'
import { tableOf } from './compare/table.ts'

const USAGE = 'usage: npm run compare -- [--kills N] [--seed N] [--write FILE]'

process.exitCode = await main()

async function main(): Promise<number> {
  const options = readOptions()
  if (options === undefined) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  if (skipWithout('prometheus') !== false) return 1
  if (!existsSync(MTAIL)) {
    process.stderr.write('mtail is not here: run scripts/real-peers.sh\n')
    return 1
  }
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  const outcome = await inScope((scope) => compare(scope, options, tell))
  process.stdout.write(tableOf(outcome))
  if (options.write !== undefined) {
    writeFileSync(options.write, `${JSON.stringify(outcome, null, 2)}\n`)
  }
  const ours = outcome.rows.filter(({ program }) => program === 'quic-lb-exporter')
  const isExact = ours.every(
    ({ counted, resets }) => counted === outcome.packetsWritten && resets === 0,
  )
  return isExact ? 0 : 1
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        kills: { type: 'string', default: '50' },
        seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
        write: { type: 'string' },
      },
    })
    const [kills, seed] = [Number(values.kills), Number(values.seed)]
    if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed)) return undefined
    return { kills, seed, write: values.write }
  } catch {
    return undefined
  }
}

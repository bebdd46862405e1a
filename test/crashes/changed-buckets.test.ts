import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { parsePage } from '../live/exporter.ts'
import { skipWithout } from '../live/peers.ts'
import { run } from '../live/processes.ts'
import { caddyLb } from '../support/fixtures.ts'
import { takeAccount } from './support/account.ts'
import { temporaryDirectory } from './support/directory.ts'
import { startAndServe, TWO_REPLICAS, watchedBy } from './support/experiment.ts'
import { killableExporter, TREE } from './support/exporter.ts'
import { otherVersion } from './support/other-version.ts'
import { faultTest } from './support/report.ts'
import { growthOfAll } from './support/sums.ts'

const FAMILY = 'quic_rtt_variation_seconds'
const OTHERS = ['quic_rtt_seconds_count', 'quic_packets_received_total', 'quic_connections_total']
const STREAMS = 120

faultTest(
  {
    id: 'F-49',
    fault: `upgrade to a version in which ${FAMILY} has other buckets`,
    expected: 'one clean reset of that family, none of any other, nothing lost',
  },
  skipWithout('prometheus'),
  async (t) => {
    const logs = join(temporaryDirectory(t), 'logs')
    mkdirSync(logs)
    const old = await killableExporter(t, { logs })
    await startAndServe(old)
    const replicas = await watchedBy(t, old.address, TWO_REPLICAS)
    const scraped = async () => {
      const now = Date.now()
      await Promise.all(replicas.map((replica) => replica.untilScraped(now)))
    }

    // Half of the connections are over, the others under way when the version changes.
    const streams = caddyLb().slice(0, STREAMS)
    const over = streams.slice(0, STREAMS / 2)
    const underWay = streams.slice(STREAMS / 2)
    await writePart(logs, over, 0, 1)
    await writePart(logs, underWay, 0, 0.5)
    // Not a lag of 0: half a file ends in half a record, and before the first look there is no lag either.
    const half = (await replayed(t, logs)).value('quic_packets_received_total')
    await old.untilPage(
      'the first half',
      (page) => page.value('quic_packets_received_total') === half,
    )
    await scraped()
    await old.program.kill('SIGTERM')
    const tree = otherVersion(t, {
      file: 'exporter/collectors/recovery.ts',
      from: '[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]',
      to: '[0.0007, 0.0025, 0.01, 0.3]',
    })
    const upgraded = await killableExporter(t, { ...old, logs, tree })
    await startAndServe(upgraded)
    await scraped()
    await writePart(logs, underWay, 0.5, 1)
    const truth = await replayed(t, logs)
    const page = await upgraded.untilPage(
      'the second half',
      (page) => page.value('quic_rtt_seconds_count') === truth.value('quic_rtt_seconds_count'),
    )
    t.equal(page.value('quic_exporter_state_restored'), 1)
    await scraped()

    const counts = []
    for (const replica of replicas) {
      const [family] = await replica.series(`${FAMILY}_count`)
      const values = family?.samples.map(([, value]) => value) ?? []
      const fallen = values.find((value, i) => value < (values[i - 1] ?? 0))
      t.equal(fallen, 0, `${replica.name}: the family begins at 0 again`)
      const { resets } = await takeAccount(replica)
      t.equal(resets[`${FAMILY}_count`], 1, `${replica.name}: once`)
      const others = Object.keys(resets).filter((name) => !name.startsWith(`${FAMILY}_`))
      t.same(others, [], `${replica.name}: and no other falls`)
      for (const name of [`${FAMILY}_count`, ...OTHERS]) {
        const { increase } = growthOfAll(await replica.series(name))
        t.equal(increase, truth.value(name), `${replica.name}: all of ${name}`)
        counts.push(increase)
      }
    }
    t.ok((truth.value(`${FAMILY}_count`) ?? 0) > 50, 'the family had something to lose')
    const [inFamily] = counts
    return `1 reset of the family, to 0; ${inFamily} of ${truth.value(`${FAMILY}_count`)} observations`
  },
)

/** Writes a part of each recorded stream, cut anywhere, as if the connections went on side by side. */
async function writePart(
  logs: string,
  streams: ReturnType<typeof caddyLb>,
  from: number,
  to: number,
): Promise<void> {
  for (const { name, content } of streams) {
    const part = content.slice(Math.floor(content.length * from), Math.floor(content.length * to))
    appendFileSync(join(logs, name), part)
    await delay(2)
  }
}

/** What the whole streams make, without any interruption. */
async function replayed(t: Test, logs: string) {
  const main = join(TREE, 'exporter/main.ts')
  const { stdout } = await run(t, { program: process.execPath, args: [main, 'replay', logs] })
  return parsePage(stdout)
}

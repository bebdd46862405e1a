import t from 'tap'
import { skipWithout } from '../live/peers.ts'
import {
  expectExact,
  finalAccounts,
  newLogs,
  PACKETS_PER_SECOND,
  startAndServe,
  summary,
  TWO_REPLICAS,
  watchedBy,
} from './support/experiment.ts'
import { killableExporter } from './support/exporter.ts'
import { Janitor } from './support/janitor.ts'
import { killAndRestart, RESTLESS } from './support/kills.ts'
import { faultTest } from './support/report.ts'
import { randomness } from './support/seed.ts'
import { SteadyWriting } from './support/steady-writing.ts'

const skip = skipWithout('prometheus')
const KILLS = 50

t.jobs = 2

const WATCHES = [
  { id: 'F-36', fault: 'SIGKILL 50 times at random, 1 scraper, every 1 s', intervals: [1000] },
  {
    id: 'F-37',
    fault: 'SIGKILL 50 times at random, 2 scrapers, every 0.5 s and 2 s',
    intervals: TWO_REPLICAS,
  },
]

for (const { id, fault, intervals } of WATCHES) {
  const expected = 'every replica counts exactly what was written, no resets'
  faultTest({ id, fault, expected }, skip, async (t) => {
    const random = randomness(t)
    const { logs, writer } = newLogs(t, random)
    const exporter = await killableExporter(t, { logs })
    await startAndServe(exporter)
    const replicas = await watchedBy(t, exporter.address, intervals)
    const writing = new SteadyWriting(t, writer, {
      packetsPerSecond: PACKETS_PER_SECOND,
      streams: 3,
      rotateAfter: 1000,
    })
    const janitor = new Janitor(exporter, writing, writer)
    t.teardown(() => janitor.stop())
    await killAndRestart([exporter.program], KILLS, RESTLESS, random)
    await janitor.stop()
    writing.pause()
    const accounts = await finalAccounts(t, exporter, writer.book, replicas)
    expectExact(t, writer.book, accounts)
    t.same(exporter.program.crashes, [], 'the exporter never ended by itself')
    t.ok(janitor.deleted > 10, `files that only the state knew of: ${janitor.deleted}`)
    return `${KILLS} kills, ${janitor.deleted} files deleted meanwhile; ${summary(writer.book, accounts)}`
  })
}

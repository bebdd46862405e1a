import { setTimeout as delay } from 'node:timers/promises'
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
import { between } from './support/kills.ts'
import { killAt, MOMENTS } from './support/moments.ts'
import { faultTest } from './support/report.ts'
import { randomness } from './support/seed.ts'
import { SteadyWriting } from './support/steady-writing.ts'

const KILLS_AT_EACH = 3
/** A file is renamed once in a life, and a busy machine freezes it too late: then it takes another. */
const LIFE_MS = 2500
const MOST_LIVES = 20

faultTest(
  {
    id: 'F-39',
    fault: `SIGKILL ${KILLS_AT_EACH} times at each of ${MOMENTS.length} moments between a scrape's request and its answer`,
    expected: 'both replicas count exactly what was written, no resets',
  },
  skipWithout('prometheus'),
  async (t) => {
    const random = randomness(t)
    const { logs, writer } = newLogs(t, random)
    const exporter = await killableExporter(t, { logs })
    await startAndServe(exporter)
    const replicas = await watchedBy(t, exporter.address, TWO_REPLICAS)
    const writing = new SteadyWriting(t, writer, {
      packetsPerSecond: PACKETS_PER_SECOND,
      streams: 2,
      rotateAfter: 5000,
    })
    const hits = new Map<string, number>()
    let misses = 0
    for (let i = 0; i < KILLS_AT_EACH; i += 1) {
      for (const moment of MOMENTS) {
        for (let life = 0, hit = false; !hit && life < MOST_LIVES; life += 1) {
          await exporter.program.kill()
          await delay(between(random, [50, 500]))
          exporter.program.start()
          hit = await killAt(t, exporter, moment, LIFE_MS)
          if (hit) hits.set(moment.name, (hits.get(moment.name) ?? 0) + 1)
          else misses += 1
        }
      }
    }
    await exporter.program.kill()
    exporter.program.start()
    writing.pause()
    const accounts = await finalAccounts(t, exporter, writer.book, replicas)
    expectExact(t, writer.book, accounts)
    for (const { name } of MOMENTS) t.equal(hits.get(name), KILLS_AT_EACH, `killed with ${name}`)
    t.same(exporter.program.crashes, [], 'the exporter never ended by itself')
    const each = [...hits].map(([moment, count]) => `${count} × ${moment}`).join(', ')
    return `killed ${each}, ${misses} × elsewhere; ${summary(writer.book, accounts)}`
  },
)

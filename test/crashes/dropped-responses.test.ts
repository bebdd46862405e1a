import { skipWithout } from '../live/peers.ts'
import {
  expectExact,
  finalAccounts,
  newLogs,
  PACKETS_PER_SECOND,
  startAndServe,
  summary,
  TWO_REPLICAS,
} from './support/experiment.ts'
import { killableExporter } from './support/exporter.ts'
import { startForgetfulProxy } from './support/forgetful-proxy.ts'
import { killAndRestart, RESTLESS } from './support/kills.ts'
import { startReplica } from './support/replica.ts'
import { faultTest } from './support/report.ts'
import { randomness } from './support/seed.ts'
import { SteadyWriting } from './support/steady-writing.ts'

const KILLS = 15

faultTest(
  {
    id: 'F-38',
    fault: 'every 3rd answer is lost after the exporter has given it, and SIGKILL 15 times',
    expected: 'both replicas count exactly what was written, no resets',
  },
  skipWithout('prometheus'),
  async (t) => {
    const random = randomness(t)
    const { logs, writer } = newLogs(t, random)
    const exporter = await killableExporter(t, { logs })
    await startAndServe(exporter)
    const begunAt = Date.now()
    const watches = await Promise.all(
      TWO_REPLICAS.map(async (ms) => {
        const proxy = await startForgetfulProxy(t, exporter.address, 3)
        return { proxy, replica: await startReplica(t, [{ job: 'exporter', ...proxy }], ms) }
      }),
    )
    const replicas = watches.map(({ replica }) => replica)
    await Promise.all(replicas.map((replica) => replica.untilScraped(begunAt)))
    const writing = new SteadyWriting(t, writer, {
      packetsPerSecond: PACKETS_PER_SECOND,
      streams: 2,
      rotateAfter: 5000,
    })
    await killAndRestart([exporter.program], KILLS, RESTLESS, random)
    writing.pause()
    const accounts = await finalAccounts(t, exporter, writer.book, replicas)
    expectExact(t, writer.book, accounts)
    for (const { proxy, replica } of watches) {
      t.ok(proxy.dropped > 0, `answers were lost ${replica.name}: ${proxy.dropped}`)
    }
    t.same(exporter.program.crashes, [], 'the exporter never ended by itself')
    const dropped = watches.map(({ proxy }) => proxy.dropped).join(' and ')
    return `${KILLS} kills, ${dropped} answers lost; ${summary(writer.book, accounts)}`
  },
)

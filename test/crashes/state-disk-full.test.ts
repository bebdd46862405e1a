import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
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
import { firstPage } from './support/first-page.ts'
import { faultTest } from './support/report.ts'
import { randomness } from './support/seed.ts'
import { skipWithoutMount, smallDisk } from './support/small-disk.ts'
import { SteadyWriting } from './support/steady-writing.ts'

t.jobs = 2

const FULL_FOR_MS = 10_000
/** Enough to read that the gate is seen to be shut. */
const BACKLOG = 300_000

for (const freed of ['before the restart', 'after the second restart'] as const) {
  faultTest(
    {
      id: 'F-41',
      fault: `state disk full for 10 s, SIGKILL while full, space freed ${freed}`,
      expected:
        'failures are counted, 503 until caught up, then exactly what was written, no resets',
    },
    skipWithout('prometheus') || skipWithoutMount(),
    async (t) => {
      const { logs, writer } = newLogs(t, randomness(t))
      const disk = smallDisk(t, 4096)
      const exporter = await killableExporter(t, { logs, storage: join(disk.directory, 'state') })
      await startAndServe(exporter)
      const replicas = await watchedBy(t, exporter.address, TWO_REPLICAS)
      const writing = new SteadyWriting(t, writer, {
        packetsPerSecond: PACKETS_PER_SECOND,
        streams: 2,
      })
      await exporter.untilPage(
        'some packets',
        (page) => (page.value('quic_packets_received_total') ?? 0) > PACKETS_PER_SECOND,
      )
      disk.fill()
      const fullSince = performance.now()
      const failing = await exporter.untilPage(
        'a state that cannot be written',
        (page) => (page.value('quic_exporter_state_write_failures_total') ?? 0) > 0,
      )
      await delay(FULL_FOR_MS - (performance.now() - fullSince))
      const served = await exporter.page()
      const failures = served?.value('quic_exporter_state_write_failures_total') ?? 0
      t.ok(failures > (failing.value('quic_exporter_state_write_failures_total') ?? 0))
      t.ok(
        (served?.value('quic_packets_received_total') ?? 0) > 8 * PACKETS_PER_SECOND,
        'it goes on counting and serving while the disk is full',
      )

      const restart = async () => {
        await exporter.program.kill()
        const [name = ''] = writer.names
        await writer.appendBacklog(name, BACKLOG)
        const owed = writer.book.packets
        exporter.program.start()
        return { owed, ...(await firstPage(exporter)) }
      }
      if (freed === 'before the restart') disk.free()
      const refusals = [await restart()]
      if (freed !== 'before the restart') {
        await delay(2500)
        refusals.push(await restart())
        disk.free()
      }
      for (const { refused, packets, owed } of refusals) {
        t.ok(refused > 0, `503 until it has caught up (${refused} times)`)
        t.ok(packets >= owed, `and then no less than was written before (${packets}, ${owed})`)
      }
      const isSaved = (savedAt = 0) => Date.now() / 1000 - savedAt < 3
      await exporter.untilPage('a state that is written again', (page) =>
        isSaved(page.value('quic_exporter_state_last_write_timestamp_seconds')),
      )
      writing.pause()
      const accounts = await finalAccounts(t, exporter, writer.book, replicas)
      expectExact(t, writer.book, accounts)
      t.same(exporter.program.crashes, [], 'the exporter never ended by itself')
      const refused = refusals.map(({ refused }) => refused).join(' and ')
      return `${failures} failed writes, ${refused} answers of 503; ${summary(writer.book, accounts)}`
    },
  )
}

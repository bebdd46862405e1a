import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { skipWithout } from '../live/peers.ts'
import { temporaryDirectory } from './support/directory.ts'
import {
  expectExact,
  finalAccounts,
  newLogs,
  startAndServe,
  summary,
  TWO_REPLICAS,
  watchedBy,
} from './support/experiment.ts'
import { killableExporter } from './support/exporter.ts'
import { firstPage } from './support/first-page.ts'
import { between } from './support/kills.ts'
import { faultTest } from './support/report.ts'
import { randomness } from './support/seed.ts'
import { SteadyWriting } from './support/steady-writing.ts'

const LOSSES = 10
const COPY_EVERY_MS = 500
const COPIES_KEPT = 6
/** So many that what an old state has not seen takes a while to read. */
const PACKETS_PER_SECOND = 8000
/** Written while it is down. */
const BACKLOG = 50_000

faultTest(
  {
    id: 'F-42',
    fault: `power lost ${LOSSES} times: the state is up to ${(COPY_EVERY_MS * COPIES_KEPT) / 1000} s older than what was served`,
    expected: 'both replicas count exactly what was written, no resets',
  },
  skipWithout('prometheus'),
  async (t) => {
    const random = randomness(t)
    const { logs, writer } = newLogs(t, random)
    const exporter = await killableExporter(t, { logs })
    await startAndServe(exporter)
    const state = join(exporter.storage, 'state')
    const copies = temporaryDirectory(t)
    const older: string[] = []
    let copied = 0
    const copying = setInterval(() => {
      if (!exporter.program.isRunning || !existsSync(state)) return
      const copy = join(copies, `${copied++}`)
      copyFileSync(state, copy)
      older.unshift(copy)
      for (const gone of older.splice(COPIES_KEPT)) rmSync(gone)
    }, COPY_EVERY_MS)
    t.teardown(() => clearInterval(copying))

    const replicas = await watchedBy(t, exporter.address, TWO_REPLICAS)
    const writing = new SteadyWriting(t, writer, {
      packetsPerSecond: PACKETS_PER_SECOND,
      streams: 2,
      rotateAfter: 100_000,
    })
    let refused = 0
    for (let i = 0; i < LOSSES; i += 1) {
      await delay(between(random, [1000, 3000]))
      const shown = (await exporter.page())?.value('quic_packets_received_total') ?? 0
      await exporter.program.kill()
      const copy = older[random(older.length)]
      t.not(copy, undefined, 'an older state is there')
      copyFileSync(copy ?? '', state)
      rmSync(join(exporter.storage, 'state.tmp'), { force: true })
      await writer.appendBacklog(writer.names[0] ?? '', BACKLOG)
      await delay(between(random, [50, 800]))
      exporter.program.start()
      const first = await firstPage(exporter)
      t.ok(first.packets >= shown, `no less than before: ${shown}, then ${first.packets}`)
      refused += first.refused
    }
    writing.pause()
    const accounts = await finalAccounts(t, exporter, writer.book, replicas)
    expectExact(t, writer.book, accounts)
    t.ok(refused > 0, `503 while it catches up (${refused} times)`)
    t.same(exporter.program.crashes, [], 'the exporter never ended by itself')
    return `${LOSSES} older states, ${refused} answers of 503; ${summary(writer.book, accounts)}`
  },
)

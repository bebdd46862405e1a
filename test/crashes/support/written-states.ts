import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { until } from '../../support/until.ts'
import { newLogs } from './experiment.ts'
import { killableExporter } from './exporter.ts'

/** The counter that this is all about. */
export const COUNTER = 'quic_packets_received_total'

/** A state that a killed exporter has left, and what only its batches still know. */
export interface LeftState {
  readonly logs: string
  readonly bytes: Buffer
  /** Packets on disk; all that can be counted without the state. */
  readonly onDisk: number
  /** For each scrape: where its batch ends, and how many packets of the deleted file it holds. */
  readonly batches: readonly { readonly end: number; readonly ofDeleted: number }[]
}

/** Longer than the time for which scrapes share one page. */
const NEXT_PAGE_MS = 1100

/** Lets an exporter count and be scraped three times, kills it, deletes a file, and writes on. */
export async function leaveState(t: Test, random: (below: number) => number): Promise<LeftState> {
  const { logs, writer } = newLogs(t, random)
  const exporter = await killableExporter(t, { logs, startAt: 'beginning' })
  const state = join(exporter.storage, 'state')
  writer.begin('deleted.sqlog')
  writer.begin('kept.sqlog')
  exporter.program.start()
  await until('the exporter to be ready', async () => (await exporter.status('/-/ready')) === 200, {
    withinMs: 20_000,
  })
  const batches = []
  const inodes = new Set<number>()
  let ofDeleted = 0
  for (const packets of [500, 200, 100]) {
    writer.append('deleted.sqlog', packets)
    writer.append('kept.sqlog', 300)
    ofDeleted += packets
    // Nobody asks before all of it is read: a scrape is a batch.
    await delay(NEXT_PAGE_MS)
    const page = await exporter.page()
    t.equal(page?.value(COUNTER), writer.book.packets, 'a batch with all that was written')
    const { size, ino } = statSync(state)
    batches.push({ end: size, ofDeleted })
    inodes.add(ino)
  }
  t.equal(inodes.size, 1, 'three batches in one file')
  await exporter.program.kill()
  t.equal(statSync(state).size, batches.at(-1)?.end, 'and nothing after them')
  writer.leave('deleted.sqlog')
  writer.remove('deleted.sqlog')
  writer.append('kept.sqlog', 150)
  writer.begin('new.sqlog')
  writer.append('new.sqlog', 250)
  return { logs, bytes: readFileSync(state), onDisk: writer.book.packets - ofDeleted, batches }
}

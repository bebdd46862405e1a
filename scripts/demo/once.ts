import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { type Values, valuesOn } from './figures.ts'
import { type LogFile, openLog } from './log-file.ts'
import type { Page } from './page.ts'
import type { Recording } from './recordings.ts'
import type { Stage } from './stage.ts'
import { type Row, rowsOf } from './table.ts'

/** Time between two blocks of a log: the exporter looks in between. */
const BLOCK_MS = 10
const PATIENCE_MS = 10_000
const LOOK_MS = 60

/** Writes all logs side by side at full speed, waits for the exporter, and sets its page against the truth. */
export async function playOnce(
  stage: Stage,
  recordings: readonly Recording[],
  truths: ReadonlyMap<string, Values>,
): Promise<Row[]> {
  const { exporter, signal, workspace } = stage
  const before = await exporter.scrape(signal)
  const logs = await Promise.all(recordings.map((one) => openLog(one, workspace)))
  const written = await writeAll(logs, signal)
  await untilPage(stage, (page) => {
    const read = total(page, 'read_bytes_total') - total(before, 'read_bytes_total')
    return read === written && total(page, 'lag_bytes') === 0
  })
  // Some connections end without a word: the end of the log, its deletion, tells how.
  await Promise.all(logs.map(({ path }) => rm(path)))
  const after = await untilPage(stage, (page) => total(page, 'files') === 0)
  return [...truths].flatMap(([source, truth]) =>
    rowsOf(source, truth, valuesOn(before, source), valuesOn(after, source)),
  )
}

/** A block of each log in turn, until all are written and closed; returns how many bytes they have. */
async function writeAll(logs: readonly LogFile[], signal: AbortSignal): Promise<number> {
  let written = 0
  try {
    for (let block = 0; logs.some(({ writes }) => block < writes.length); block++) {
      for (const { handle, writes } of logs) {
        const write = writes[block]
        if (write === undefined) continue
        await handle.appendFile(write.bytes)
        written += write.bytes.length
      }
      await delay(BLOCK_MS, undefined, { signal })
    }
    return written
  } finally {
    await Promise.all(logs.map(({ handle }) => handle.close()))
  }
}

/** The first page that fulfils a condition; after 10 s the last one, and the table tells what is missing. */
async function untilPage(
  { exporter, signal }: Stage,
  holds: (page: Page) => boolean,
): Promise<Page> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const page = await exporter.scrape(signal)
    if (holds(page) || performance.now() > deadline) return page
    await delay(LOOK_MS, undefined, { signal })
  }
}

function total(page: Page, metric: string): number {
  return page.sum(`quic_exporter_${metric}`) ?? 0
}

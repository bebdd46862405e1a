import { chmodSync, renameSync, unlinkSync, utimesSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from '../live/exporter.ts'
import { makeClock } from './support/clock.ts'
import { byLabel, ofWritten, untilExact } from './support/exact.ts'
import { LONG_GRACE, LONG_GRACE_MS, SWEEP_MS, startExporter } from './support/exporter.ts'
import { fault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { makePlace, RECORDS } from './support/scene.ts'

const HOUR_MS = 3_600_000

/** Takes from the superuser what lets it read any file, so that modes count. */
const WITHOUT_OVERRIDE = ['setpriv', '--bounding-set=-dac_override,-dac_read_search']

for (const [step, wallMs] of [
  ['-1 h', -HOUR_MS],
  ['+1 h', HOUR_MS],
] as const) {
  fault(
    {
      id: 'F-45',
      fault: `wall clock steps ${step} under files: still, growing, renamed, deleted, unreadable, new`,
      expected: 'counters unaffected, no negative durations, nothing early or late',
    },
    async (t) => {
      const { book, root, path, open, write, directory } = makePlace(t)
      const clock = makeClock(directory)
      const through = WITHOUT_OVERRIDE
      const options = { ...clock.options, through, flags: LONG_GRACE }
      const exporter = await startExporter(t, root, options)
      const [grows, renamed, deleted] = ['grows', 'renamed', 'deleted'].map((name) => {
        const log = open(`${name}.sqlog`)
        log.append(RECORDS / 10)
        return log
      })
      write('still.sqlog', RECORDS / 10)
      await untilExact(t, exporter, book, { files: 4 })
      write('unreadable', RECORDS / 10)
      chmodSync(path('unreadable'), 0)
      renameSync(path('unreadable'), path('unreadable.sqlog'))
      renameSync(path('renamed.sqlog'), path('renamed.1'))
      unlinkSync(path('deleted.sqlog'))
      const pages = [await exporter.scrape()]
      // In the middle of a pause of several sweeps, but well below the grace.
      await over(2 * LONG_GRACE_MS, 5, async (i) => {
        for (const log of [grows, renamed, deleted]) log?.append(RECORDS / 20)
        await delay(2 * SWEEP_MS)
        if (i === 1) clock.set({ wallMs })
        pages.push(await exporter.scrape())
      })
      const closing = performance.now()
      write('new', RECORDS / 10)
      const now = new Date(Date.now() + wallMs)
      utimesSync(path('new'), now, now)
      renameSync(path('new'), path('new.sqlog'))
      chmodSync(path('unreadable.sqlog'), 0o644)
      const page = await untilExact(t, exporter, book, { files: 4 })
      const seconds = (performance.now() - closing) / 1000
      t.same(byLabel(page, 'quic_connections_closed_total', 'reason'), { expired: 2 })
      t.equal(page.value('quic_connections_active'), 4)
      t.equal(page.value('quic_connections_silent'), 0)
      for (const { text } of [...pages, page]) t.notMatch(text, /^quic_.* -/m)
      const waited = [...pages, page].map((one) => one.value('quic_exporter_lag_seconds') ?? 0)
      t.ok(Math.max(...waited) < 60, `at most ${Math.max(...waited)} s behind`)
      return `${ofWritten(page, book)}, all as before the step after ${seconds.toFixed(1)} s`
    },
  )
}

const FILES = 500
const IDLE_MS = 600_000

fault(
  {
    id: 'F-50',
    fault: `proxy killed: ${FILES} files never closed`,
    expected: `active returns to 0 after idle expiry, closed{expired} = ${FILES}`,
  },
  async (t) => {
    const { book, root, write, directory } = makePlace(t)
    const clock = makeClock(directory)
    const exporter = await startExporter(t, root, clock.options)
    for (let i = 0; i < FILES; i++) write(`${i}.sqlog`, RECORDS / FILES)
    const before = await untilExact(t, exporter, book, { files: FILES })
    t.equal(before.value('quic_connections_active'), FILES)
    clock.set({ elapsedMs: IDLE_MS - 60_000 })
    const are = (name: string, count: number) => (page: Page) =>
      page.value(`quic_connections_${name}`) === count
    const idle = await exporter.untilPage('silence', are('silent', FILES))
    t.ok(are('active', FILES)(idle), 'none is given up a minute too early')
    clock.set({ elapsedMs: IDLE_MS + 60_000 })
    await exporter.untilPage('expiry', are('active', 0))
    const page = await untilExact(t, exporter, book, { files: FILES })
    t.same(byLabel(page, 'quic_connections_closed_total', 'reason'), { expired: FILES })
    return `active 0, expired ${FILES}, ${ofWritten(page, book)}`
  },
)

import { renameSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Book } from './support/book.ts'
import { ofWritten, packetsOf, untilExact } from './support/exact.ts'
import type { Exporter } from './support/exporter.ts'
import { exactFault, fault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { bytesReadBy, FEW_BYTES, growth, memoryOf } from './support/process-facts.ts'
import { makeScene, RECORDS } from './support/scene.ts'

const STOPPED_MS = 30_000
const ROTATIONS = 3

exactFault('F-43', 'exporter stopped (SIGSTOP) for 30 s during 3 rotations', async (t) => {
  const { book, open, path, exporter } = await makeScene(t)
  const parts = ROTATIONS + 2
  const first = open('a.sqlog')
  first.append(RECORDS / parts)
  await exporter.untilPage('the first records', (page) => packetsOf(page) > 0)
  exporter.signal('SIGSTOP')
  let log = first
  await over(STOPPED_MS, ROTATIONS, async (round) => {
    for (let k = round; k > 0; k--) renameSync(path(`a.${k}.sqlog`), path(`a.${k + 1}.sqlog`))
    renameSync(path('a.sqlog'), path('a.1.sqlog'))
    const next = open('a.sqlog', { group: `${round}` })
    // The old one is written on until the next rotation, and longer.
    log.append(RECORDS / parts / 2)
    next.append(RECORDS / parts / 2)
    log = next
  })
  exporter.signal('SIGCONT')
  first.append(RECORDS / parts)
  const page = await untilExact(t, exporter, book, { files: ROTATIONS + 1 })
  return ofWritten(page, book)
})

const MB = 1e6
const WRITTEN_PER_SECOND = 50 * MB
const READ_PER_SECOND = WRITTEN_PER_SECOND / 2
const SECONDS = 16
const STEPS_PER_SECOND = 20

/** A record of about 1 KB. */
const MORE = `,"pad":"${'x'.repeat(750)}"`
const RECORD_BYTES = 1000

fault(
  {
    id: 'F-48',
    fault: 'writer 50 MB/s, exporter throttled to half of it',
    expected: 'lag grows linearly, RSS flat, then exact',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    const samples: Sample[] = []
    const release = throttle(exporter, READ_PER_SECOND)
    const sampling = sample(exporter, book, samples)
    const each = WRITTEN_PER_SECOND / STEPS_PER_SECOND / RECORD_BYTES
    await over(SECONDS * 1000, SECONDS * STEPS_PER_SECOND, () => log.write(book.take(each, MORE)))
    const memory = samples.slice(2).map(({ rss }) => rss)
    const lag = slope(samples.map(({ at, lag }) => [at, lag]))
    const written = slope(samples.map(({ at, written }) => [at, written]))
    await release()
    await sampling()
    const grown = Math.max(...memory) - (memory[0] ?? 0)
    t.ok(samples.length > SECONDS / 2)
    t.ok(lag.fit > 0.85, `${lag.fit} of the variation of lag is explained by time`)
    const expected = written.perSecond - READ_PER_SECOND
    t.ok(Math.abs(lag.perSecond / expected - 1) < 0.3, `${lag.perSecond} of ${expected} B/s`)
    t.ok(grown < FEW_BYTES, `RSS +${grown}`)
    const most = Math.round(Math.max(...samples.map(({ lag }) => lag)) / MB)
    const page = await untilExact(t, exporter, book, { files: 1 })
    const rate = (lag.perSecond / MB).toFixed(1)
    return `${ofWritten(page, book)}, lag +${rate} MB/s up to ${most} MB, RSS ${growth(0, grown)}`
  },
)

interface Sample {
  /** Seconds. */
  readonly at: number
  /** Bytes, all three. */
  readonly lag: number
  readonly rss: number
  readonly written: number
}

/** Stops a process whenever it has read more than it may; the result gives it free. */
function throttle({ pid, signal, running }: Exporter, perSecond: number): () => Promise<void> {
  const begun = performance.now()
  const before = bytesReadBy(pid)
  let isOver = false
  const work = async () => {
    while (!isOver && running.isRunning()) {
      const allowed = (perSecond * (performance.now() - begun)) / 1000
      signal(bytesReadBy(pid) - before > allowed ? 'SIGSTOP' : 'SIGCONT')
      await delay(10)
    }
    signal('SIGCONT')
  }
  const working = work()
  return () => {
    isOver = true
    return working
  }
}

/** Takes a sample with every page; the result ends that. */
function sample(exporter: Exporter, book: Book, samples: Sample[]): () => Promise<void> {
  let isOver = false
  const work = async () => {
    for (let page = await exporter.scrape(); !isOver; page = await exporter.pageAfter(page)) {
      const lag = page.value('quic_exporter_lag_bytes') ?? 0
      const rss = memoryOf(exporter.pid).now
      samples.push({ at: performance.now() / 1000, lag, rss, written: book.written })
    }
  }
  const working = work()
  return () => {
    isOver = true
    return working
  }
}

/** The straight line through points: its slope, and the share of the variation that it explains. */
function slope(points: readonly (readonly [number, number])[]) {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
  const x = mean(points.map(([x]) => x))
  const y = mean(points.map(([, y]) => y))
  const xy = mean(points.map(([px, py]) => (px - x) * (py - y)))
  const xx = mean(points.map(([px]) => (px - x) ** 2))
  const yy = mean(points.map(([, py]) => (py - y) ** 2))
  return { perSecond: xy / xx, fit: xy ** 2 / (xx * yy) }
}

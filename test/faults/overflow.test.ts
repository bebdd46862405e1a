import { readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { until } from '../support/until.ts'
import { ofWritten, untilExact } from './support/exact.ts'
import { type Exporter, startExporter } from './support/exporter.ts'
import { exactFault, fault } from './support/fault.ts'
import { makePlace, makeScene, type Place } from './support/scene.ts'

const MOST_QUEUED = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'))
const BLOCKER = fileURLToPath(new URL('support/block-loop.ts', import.meta.url))
const BURST = 20_000
const FILES = 19_000
const BLOCKED_MS = 1500

/** Each new file is created and then written: what a queue must hold that nobody empties. */
const EVENTS = 2 * FILES

exactFault('F-26', 'inotify queue overflow: 20,000 creates in a burst', async (t) => {
  const { book, write, exporter } = await makeScene(t)
  for (let i = 0; i < BURST; i++) write(`${i}.sqlog`, 1)
  const page = await untilExact(t, exporter, book, { files: BURST })
  return `${ofWritten(page, book)} in as many files`
})

fault(
  {
    id: 'F-26',
    fault: 'inotify queue overflow: stopped for 1.5 s while 19,000 files are written',
    expected: 'exact after one sweep',
  },
  async (t) => {
    const { exporter, ...place } = await makeScene(t)
    exporter.signal('SIGSTOP')
    const held = await burst(place)
    exporter.signal('SIGCONT')
    return untilSwept(t, exporter, place, held)
  },
)

fault(
  {
    id: 'F-26',
    fault: 'inotify queue overflow: loop blocked for 1.5 s while 19,000 files are written',
    expected: 'exact after one sweep',
  },
  async (t) => {
    const place = makePlace(t)
    const blocked = join(place.directory, 'blocked')
    writeFileSync(blocked, '')
    const env = { BLOCK_WHILE: blocked }
    const exporter = await startExporter(t, place.root, { imports: [BLOCKER], env })
    exporter.signal('SIGUSR2')
    const isBlocked = () => exporter.running.stderr().includes('blocked')
    await until('the event loop to be blocked', isBlocked, { withinMs: 10_000 })
    const held = await burst(place)
    rmSync(blocked)
    return untilSwept(t, exporter, place, held)
  },
)

/** Writes the files while nobody reads events; the number of events that a watch then still has. */
async function burst({ root, path, write }: Place): Promise<number> {
  const begun = performance.now()
  let held = 0
  let isOver = false
  const watcher = watch(root, (_event, name) => {
    if (name === 'over') isOver = true
    else held++
  })
  // Without a pause: this process, too, does not come to its events before all is written.
  for (let i = 0; i < FILES; i++) write(`${i}.sqlog`, 1)
  await delay(Math.max(0, begun + BLOCKED_MS - performance.now()))
  const mark = () => {
    writeFileSync(path('over'), '')
    return isOver
  }
  await until('the events to be read', mark, { withinMs: 10_000 })
  watcher.close()
  return held
}

async function untilSwept(t: Test, exporter: Exporter, { book }: Place, held: number) {
  t.ok(held < EVENTS && EVENTS > MOST_QUEUED, `${held} of ${EVENTS} events left: overflow`)
  const begun = performance.now()
  await exporter.untilPage('all files', (page) => page.value('quic_exporter_files') === FILES)
  const seconds = (performance.now() - begun) / 1000
  const page = await untilExact(t, exporter, book, { files: FILES })
  const found = `${ofWritten(page, book)}, all found after ${seconds.toFixed(1)} s`
  return `${found}; of ${EVENTS} events the queue had room for ${held}`
}

import { rmSync, truncateSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { ofWritten, untilExact } from './support/exact.ts'
import type { Exporter } from './support/exporter.ts'
import { fault } from './support/fault.ts'
import { FEW_BYTES, forgetPeak, growth, memoryOf } from './support/process-facts.ts'
import { makeScene, RECORDS } from './support/scene.ts'

const GIB = 1024 ** 3

/** Measures the memory of an exporter that has read something already; `growth` is of its peak. */
function watchMemory({ pid }: Exporter): () => { readonly grown: number; readonly text: string } {
  const before = memoryOf(pid).now
  forgetPeak(pid)
  return () => {
    const { peak } = memoryOf(pid)
    return { grown: peak - before, text: growth(before, peak) }
  }
}

/** A read of 2 GiB of zeros takes some 5 s on a slow machine whatever reads it. */
const MOST_HOLE_SECONDS = 20

fault(
  {
    id: 'F-10',
    fault: 'copytruncate, writer without O_APPEND, sparse hole of 2 GiB',
    expected: 'exact; lost{nul_hole} = the hole; RSS growth < 32 MiB',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    log.append(RECORDS / 2)
    await untilExact(t, exporter, book)
    const memory = watchMemory(exporter)
    const begun = performance.now()
    truncateSync(log.path)
    truncateSync(log.path, 2 * GIB)
    book.written += 2 * GIB
    log.begin()
    log.append(RECORDS / 2)
    const lost = { nul_hole: 2 * GIB }
    await exporter.untilPage(
      'the hole to be passed over',
      (page) => page.value('quic_exporter_lost_bytes_total') === lost.nul_hole,
    )
    const seconds = (performance.now() - begun) / 1000
    const page = await untilExact(t, exporter, book, { lost, resets: 1 })
    const { grown, text } = memory()
    t.ok(grown < FEW_BYTES, `peak of RSS ${text}`)
    t.ok(seconds < MOST_HOLE_SECONDS, `${seconds} s`)
    return `${ofWritten(page, book)}, RSS ${text}, ${seconds.toFixed(1)} s`
  },
)

const BLOCK = Buffer.alloc(1024 * 1024, 'x')

fault(
  {
    id: 'F-28',
    fault: 'one endless line of 4 GiB',
    expected: 'RSS growth < 32 MiB, too_long = 1, the following record applied',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    t.teardown(() => rmSync(log.path, { force: true }))
    log.append(RECORDS)
    await untilExact(t, exporter, book)
    const memory = watchMemory(exporter)
    log.write('\x1e')
    for (let written = 0; written < 4 * GIB; written += BLOCK.length) {
      log.write(BLOCK)
      await turn()
    }
    log.write('\n')
    log.append(1)
    const expected = { failed: { too_long: 1 }, lost: { too_long: 4 * GIB }, withinMs: 60_000 }
    const page = await untilExact(t, exporter, book, expected)
    const { grown, text } = memory()
    t.ok(grown < FEW_BYTES, `peak of RSS ${text}`)
    return `${ofWritten(page, book)}, too_long 1, RSS ${text}`
  },
)

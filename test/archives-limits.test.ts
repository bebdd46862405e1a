/** A small file that becomes a huge one is not read to its end, and costs neither memory nor the process. */
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress, gzipSync } from 'node:zlib'
import t from 'tap'
import { excessOf, MOST_BYTES, MOST_RATIO } from '../exporter/archives/limits.ts'
import { archiveScene, writeOld } from './support/archives.ts'
import { numbered, numbersOf, openBelow, upTo } from './support/tail-harness.ts'

const MIB = 1024 ** 2

function* lines(count: number, line: Buffer) {
  const block = Buffer.concat(Array.from({ length: Math.floor(MIB / line.length) }, () => line))
  for (let n = 0; n < count; n++) yield block
}

t.test('where the limits are', (t) => {
  t.equal(excessOf(MOST_BYTES, MOST_BYTES), undefined)
  t.equal(excessOf(MOST_BYTES + 1, MOST_BYTES), 'too_large')
  t.equal(excessOf(2 * MIB, (2 * MIB) / MOST_RATIO), undefined)
  t.equal(excessOf(2 * MIB, (2 * MIB) / MOST_RATIO - 1), 'ratio')
  t.equal(excessOf(MIB, 1), undefined, 'little is never too much')
  t.end()
})

for (const [name, compressor] of [
  ['bomb.gz', createGzip],
  ['bomb.zst', createZstdCompress],
] as const) {
  t.test(`${name}: 1 GiB in a few kilobytes`, async (t) => {
    const { dir, look, lines: fed, read, seen, sinks, archives } = archiveScene(t)
    const bomb = join(dir, name)
    await pipeline(
      Readable.from(lines(1024, Buffer.from(`${'0'.repeat(99)}\n`))),
      compressor(),
      createWriteStream(bomb),
    )
    await look()
    writeOld(dir, 'good.gz', gzipSync(numbered(0, 1000)))
    const before = process.memoryUsage.rss()
    let most = before
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage.rss())
    }, 5)
    await look()
    await look()
    clearInterval(timer)
    t.ok(most - before < 150 * MIB, `${Math.round((most - before) / MIB)} MiB more`)
    t.ok(read() < 20 * MIB, `${Math.round(read() / MIB)} MiB read of 1,024`)
    t.same(seen.refused, [`ratio ${name}`])
    t.ok((seen.lost.other ?? 0) > 0)
    t.match(sinks[0], { isClosed: true })
    t.equal(archives.status().lagBytes, 0)
    t.same(numbersOf(fed().slice(-1000)), upTo(1000), 'others are read')
    for (let n = 0; n < 3; n++) await look(300_000)
    t.same(seen.refused, [`ratio ${name}`], 'never again')
    t.same(openBelow(dir), [])
  })
}

import { seeded } from '../support/seeded.ts'
import { ofWritten, untilExact } from './support/exact.ts'
import { exactFault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { makeScene, RECORDS } from './support/scene.ts'

exactFault('F-01', 'append in random chunk sizes 1..70,000 B', async (t) => {
  const { book, open, exporter } = await makeScene(t)
  const bytes = Buffer.from(book.take(RECORDS))
  const log = open('a.sqlog')
  const random = seeded(1)
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const chunk = bytes.subarray(at, at + 1 + random(random(4) === 0 ? 70_000 : 1000))
    chunks.push(chunk)
    at += chunk.length
  }
  await over(3000, chunks.length, (i) => log.write(chunks[i] as Buffer))
  const page = await untilExact(t, exporter, book, { files: 1 })
  return `${ofWritten(page, book)} in ${chunks.length} chunks`
})

// A character that was not put together again would make another group, so another connection.
const GROUP = ',"group_id":"ü€😀"'
const CUTS = [1, 3, 4, 6, 7, 8]
const ROUNDS = 4

exactFault('F-02', 'record split inside a UTF-8 character over two writes', async (t) => {
  const { book, open, exporter } = await makeScene(t)
  const logs = CUTS.map((cut) => ({ cut, log: open(`${cut}.sqlog`) }))
  for (let round = 0; round < ROUNDS; round++) {
    let waiting = 0
    const rests = logs.map(({ cut, log }) => {
      log.write(book.take(416, GROUP))
      const record = Buffer.from(book.take(1, GROUP))
      const end = record.indexOf('ü') + cut
      log.write(record.subarray(0, end))
      waiting += end
      return { log, rest: record.subarray(end) }
    })
    await exporter.untilPage(
      'the torn records to wait',
      (page) =>
        page.value('quic_exporter_source_on_disk_bytes') === book.written &&
        page.value('quic_exporter_lag_bytes') === waiting,
    )
    for (const { log, rest } of rests) log.write(rest)
  }
  const page = await untilExact(t, exporter, book, { files: logs.length })
  t.equal(page.value('quic_connections_total'), logs.length, 'one intact group in each file')
  return `${ofWritten(page, book)}, ${ROUNDS * CUTS.length} characters cut, all intact`
})

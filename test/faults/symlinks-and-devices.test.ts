import { once } from 'node:events'
import { mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { run } from '../live/processes.ts'
import { until } from '../support/until.ts'
import { Book } from './support/book.ts'
import { byLabel, ofWritten, untilExact } from './support/exact.ts'
import { exactFault, fault } from './support/fault.ts'
import { over, writeLog } from './support/log-file.ts'
import { descriptorsOf } from './support/process-facts.ts'
import { makeScene, RECORDS } from './support/scene.ts'
import { untilOpen } from './support/until-open.ts'

exactFault('F-18', 'symlink swapped to a new target by rename', async (t) => {
  const { book, open, path, exporter } = await makeScene(t)
  const rounds = 5
  for (let round = 0; round < rounds; round++) {
    const log = open(`targets/${round}`)
    log.append(RECORDS / rounds / 2)
    symlinkSync(log.path, path('next'))
    renameSync(path('next'), path('current.sqlog'))
    await untilOpen(exporter, log.path)
    // The writer goes on in the old target for a moment after each swap but the last.
    if (round < rounds - 1) void over(800, 8, () => log.append(RECORDS / rounds / 16))
    else log.append(RECORDS / rounds / 2)
  }
  await until('the writers to end', () => book.packets === RECORDS, { withinMs: 10_000 })
  const page = await untilExact(t, exporter, book, { files: 1 })
  return `${ofWritten(page, book)} over ${rounds} targets`
})

const ODD = ['loop', 'dangling', 'fifo', 'socket', 'directory']

fault(
  {
    id: 'F-19',
    fault: 'symlink loop, dangling link, FIFO, socket, directory named x.sqlog',
    expected: 'ignored, warned of once each, no block, no crash; the rest exact',
  },
  async (t) => {
    const { book, open, path, exporter } = await makeScene(t)
    symlinkSync(path('loop.sqlog'), path('loop.sqlog'))
    symlinkSync(path('nowhere'), path('dangling.sqlog'))
    const { code, stderr } = await run(t, { program: 'mkfifo', args: [path('fifo.sqlog')] })
    t.equal(code, 0, stderr)
    const server = createServer()
    t.teardown(() => server.close())
    await once(server.listen(path('socket.sqlog')), 'listening')
    mkdirSync(path('directory.sqlog'))
    const log = open('a.sqlog')
    await over(2000, 20, () => log.append(RECORDS / 20))
    const page = await untilExact(t, exporter, book, { files: 1 })
    t.same(byLabel(page, 'quic_exporter_file_errors_total', 'reason'), { not_regular: ODD.length })
    const said = exporter.running.stderr()
    for (const name of ODD) {
      t.equal(said.split(`/${name}.sqlog"`).length - 1, 1, `warned of ${name} once`)
    }
    return `${ofWritten(page, book)}, ${ODD.length} warnings`
  },
)

fault(
  {
    id: 'F-20',
    fault: 'symlink to a file, and to a directory, outside the root',
    expected: 'refused: file_errors{outside_root} = 1, 0 bytes of it read',
  },
  async (t) => {
    const { book, open, path, directory, exporter } = await makeScene(t, { flags: ['--recursive'] })
    const outside = join(directory, 'outside.sqlog')
    writeLog(new Book(), outside, 1000)
    symlinkSync(outside, path('link.sqlog'))
    symlinkSync(directory, path('up'))
    const log = open('a.sqlog')
    let opened = 0
    await over(1000, 20, () => {
      log.append(RECORDS / 20)
      if (descriptorsOf(exporter.pid).includes(outside)) opened++
    })
    t.equal(opened, 0, 'never opened')
    const page = await untilExact(t, exporter, book, { files: 1 })
    t.same(byLabel(page, 'quic_exporter_file_errors_total', 'reason'), { outside_root: 1 })
    return `${ofWritten(page, book)}, outside_root 1, 0 bytes of it read`
  },
)

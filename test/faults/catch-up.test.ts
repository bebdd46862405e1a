/** Much was written while no process ran: a start refuses scrapes until it is read, or as long as it may. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Book } from './support/book.ts'
import { type LogFile, logFile } from './support/log-file.ts'
import { temporaryDirectory } from './support/scene.ts'
import { figuresOf } from './support-random/expected.ts'
import { type Started, startWith, untilPage, untilReady } from './support-random/started.ts'

/** Some 200 MB: seconds of reading. */
const CHUNKS = 900
const CHUNK = 1000

interface Scene {
  readonly book: Book
  readonly file: LogFile
  start(maxCatchup: string): Promise<Started>
}

/** An exporter has read a little, and was killed; then much was written. */
async function makeBacklog(t: Test): Promise<Scene> {
  const directory = temporaryDirectory(t)
  const book = new Book()
  const args = [
    ...['--qlog-dir', join(directory, 'qlog'), '--storage.path', join(directory, 'state')],
    ...['--start-at', 'beginning', '--web.listen-address', '127.0.0.1:0'],
  ]
  const start = (maxCatchup: string) => startWith(t, [...args, '--startup.max-catchup', maxCatchup])
  const file = logFile(t, book, join(directory, 'qlog', 'a.sqlog'))
  file.append(CHUNK)
  const first = await start('60s')
  await untilPage(first, 'the first records', (page) => figuresOf(page).packets === CHUNK)
  await first.end('SIGKILL')
  const before = book.payload
  const chunk = book.take(CHUNK)
  const payload = book.payload - before
  file.write(chunk)
  for (let i = 1; i < CHUNKS; i += 1) {
    file.write(chunk)
    book.packets += CHUNK
    book.payload += payload
  }
  return { book, file, start }
}

const TOLD = /"level":"warn".*scrapes are answered though not everything is read yet/

t.test('scrapes and readiness are refused until all of it is read', async (t) => {
  const { book, start } = await makeBacklog(t)
  const exporter = await start('60s')
  const [metrics, ready] = [await exporter.ask('/metrics'), await exporter.ask('/-/ready')]
  t.same([metrics.status, ready.status], [503, 503])
  t.match(metrics.text, /catching up/)
  t.equal((await exporter.ask('/-/healthy')).status, 200)
  const page = await untilPage(exporter, 'a page', () => true)
  const { packets, payload, lag } = figuresOf(page)
  t.same({ packets, payload, lag }, { packets: book.packets, payload: book.payload, lag: 0 })
  t.equal((await exporter.ask('/-/ready')).status, 200)
  t.notMatch(exporter.running.stderr(), TOLD)
})

t.test('with no time for it they are answered at once, and the log says so', async (t) => {
  const { book, file, start } = await makeBacklog(t)
  const exporter = await start('0s')
  const first = await exporter.page()
  if (first === undefined) return t.fail('a scrape was refused')
  const behind = figuresOf(first)
  t.ok(behind.packets >= CHUNK, 'what was told before is not taken back')
  t.ok(behind.packets < book.packets && behind.lag > 0, `${behind.lag} bytes behind`)
  t.equal(behind.seen, book.written, 'and what waits is known')
  t.match(exporter.running.stderr(), TOLD)
  await untilReady(exporter)
  file.append(CHUNK)
  const isExact = (page: Parameters<typeof figuresOf>[0]) => {
    const { packets, payload } = figuresOf(page)
    return packets === book.packets && payload === book.payload
  }
  await untilPage(exporter, 'everything', isExact)
  t.equal(exporter.running.stderr().match(new RegExp(TOLD, 'g'))?.length, 1, 'told once')
})

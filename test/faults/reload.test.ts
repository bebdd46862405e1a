/** The configuration is read again while proxies write, and the process is told to stop. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { until } from '../support/until.ts'
import { Book } from './support/book.ts'
import { fault } from './support/fault.ts'
import { logFile, over } from './support/log-file.ts'
import { temporaryDirectory } from './support/scene.ts'
import { PATIENCE, type Started, startWith } from './support-random/started.ts'

const ROUNDS = 60
const PER_ROUND = 100

/** A source of its own directory and book, and its writer. */
function sourceOf(t: Test, directory: string, name: string) {
  const book = new Book()
  const file = logFile(t, book, join(directory, name, 'a.sqlog'))
  return { name, book, file, paths: `[${join(directory, name)}]` }
}

type Source = ReturnType<typeof sourceOf>

function configure(directory: string, sources: readonly Source[]): string {
  const file = join(directory, 'config.yml')
  const entries = sources.map(
    ({ name, paths }) => `  - { name: ${name}, paths: ${paths}, start_at: beginning }\n`,
  )
  writeFileSync(
    file,
    `sources:\n${entries.join('')}storage: { path: ${join(directory, 'state')} }\n` +
      'web: { listen: ["127.0.0.1:0"], enable_lifecycle: true }\n' +
      'tail: { sweep_interval: 200ms, rotate_grace: 1s }\n',
  )
  return file
}

/** Packets and their bytes, as the page has them for a source; undefined where there is none. */
async function countedFor({ ask }: Started, source: string): Promise<string | undefined> {
  const { text } = await ask('/metrics')
  const value = (name: string) =>
    new RegExp(`^${name}\\{source="${source}"[^}]*\\} (\\d+)$`, 'm').exec(text)?.[1]
  const packets = /"1rtt"\} (\d+)$/m.exec(
    text
      .match(new RegExp(`^quic_packets_received_total\\{source="${source}".*$`, 'gm'))
      ?.join('\n') ?? '',
  )?.[1]
  const bytes = value('quic_received_bytes_total')
  return packets === undefined ? undefined : `${packets} ${bytes}`
}

const writtenTo = ({ book }: Source) => `${book.packets} ${book.payload}`

async function untilCounted(exporter: Started, source: Source): Promise<void> {
  const isExact = async () => (await countedFor(exporter, source.name)) === writtenTo(source)
  await until(`${source.name} to be exact`, isExact, PATIENCE).catch(async (error: Error) => {
    throw new Error(`${error.message}: ${await countedFor(exporter, source.name)}`)
  })
}

async function successful({ ask }: Started): Promise<string | undefined> {
  return /^quic_exporter_config_last_reload_successful (\d)$/m.exec(
    (await ask('/metrics')).text,
  )?.[1]
}

fault(
  {
    id: 'F-46',
    fault: 'config reload adds and removes a source under load',
    expected: 'exact for the kept source, also after kill -9',
  },
  async (t) => {
    const directory = temporaryDirectory(t)
    const [kept, removed, added] = ['kept', 'removed', 'added'].map((name) =>
      sourceOf(t, directory, name),
    ) as [Source, Source, Source]
    const file = configure(directory, [kept, removed])
    const exporter = await startWith(t, ['--config.file', file])
    let reloads = 0
    await over(3000, ROUNDS, async (round) => {
      for (const { file } of [kept, removed, added]) file.append(PER_ROUND)
      if (round % 20 !== 10) return
      configure(directory, reloads % 2 === 0 ? [kept, added] : [kept, removed])
      if (reloads % 2 === 0) exporter.running.child.kill('SIGHUP')
      else t.equal((await exporter.ask('/-/reload', 'POST')).status, 200)
      reloads += 1
    })
    configure(directory, [kept, added])
    t.equal((await exporter.ask('/-/reload', 'POST')).status, 200)
    await untilCounted(exporter, kept)
    await untilCounted(exporter, added)
    t.equal(await countedFor(exporter, 'removed'), undefined, 'the removed one has no series')

    writeFileSync(file, 'sources: []\n')
    const refused = await exporter.ask('/-/reload', 'POST')
    t.equal(refused.status, 400)
    t.match(refused.text, /sources/)
    await until('the page to say so', async () => (await successful(exporter)) === '0', PATIENCE)
    kept.file.append(PER_ROUND)
    await untilCounted(exporter, kept)
    configure(directory, [kept, added])
    t.equal((await exporter.ask('/-/reload', 'POST')).status, 200)
    await until('the page to say so', async () => (await successful(exporter)) === '1', PATIENCE)

    t.equal(await exporter.end('SIGKILL'), null)
    for (const { file } of [kept, added]) file.append(PER_ROUND)
    const next = await startWith(t, ['--config.file', file])
    await untilCounted(next, kept)
    await untilCounted(next, added)
    t.equal(await next.end('SIGTERM'), 0)
    return `kept ${kept.book.packets} of ${kept.book.packets}, ${reloads + 2} reloads`
  },
)

t.test('told to stop, it waits for one more scrape, but not for ever', async (t) => {
  const directory = temporaryDirectory(t)
  const { book, file } = sourceOf(t, directory, 'qlog')
  const from = ['--qlog-dir', join(directory, 'qlog'), '--start-at', 'beginning']
  const where = ['--web.listen-address', '127.0.0.1:0']
  const scraped = await startWith(t, [...from, ...where, '--shutdown.linger', '60s'])
  file.append(10)
  const ended = scraped.end('SIGTERM')
  await until('it to be stopping', () => scraped.running.stderr().includes('"stopping"'), PATIENCE)
  // Pages are shared for a second: the one that counts was begun after the signal.
  const isOver = async () => {
    if (!scraped.running.isRunning()) return true
    const page = await scraped.ask('/metrics').catch(() => undefined)
    if (page !== undefined) t.match(page.text, /quic_/)
    return !scraped.running.isRunning()
  }
  await until('it to end after a scrape', isOver, { withinMs: 20_000, everyMs: 200 })
  t.equal(await ended, 0)
  t.equal(book.packets, 10)

  const alone = await startWith(t, [...from, ...where, '--shutdown.linger', '1s'])
  const begun = performance.now()
  t.equal(await alone.end('SIGTERM'), 0)
  const ms = performance.now() - begun
  t.ok(ms >= 1000 && ms < 15_000, `${ms} ms`)
})

/** Real files of a real proxy go from under a real exporter, which is killed meanwhile: no figure changes. */
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { caddyLb, FIXTURES } from './support/fixtures.ts'
import { nonZero, type Page, total } from './support/page.ts'
import { configured, Life } from './support/restarts.ts'
import { samplesOf, startRetaining, startWith } from './support/retention.ts'
import { seeded } from './support/seeded.ts'
import { noSmallDisk, smallDisk } from './support/small-disk.ts'
import { temporaryDirectory } from './support/tail-harness.ts'
import { until } from './support/until.ts'

t.jobs = 2

const STREAMS = caddyLb().slice(0, 200)
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

/** Files that must never go: of an open connection, of no producer we know, of a client, torn. */
function keepers(dir: string): string[] {
  copyFileSync(join(FIXTURES, 'ngtcp2/idle-timeout.sqlog'), join(dir, 'open.sqlog'))
  writeFileSync(join(dir, 'other.sqlog'), '{"some":"thing"}\n'.repeat(100))
  const [whole = ''] = STREAMS.map(({ content }) => content)
  const ofClient = whole.replace('"type":"server"', '"type":"client"')
  if (ofClient === whole) throw new Error('the header says nothing of a server')
  writeFileSync(join(dir, 'client.sqlog'), ofClient)
  writeFileSync(join(dir, 'torn.sqlog'), `${whole}{"time":`)
  return ['client.sqlog', 'open.sqlog', 'other.sqlog', 'torn.sqlog']
}

function directories(t: Test): { readonly qlog: string; readonly state: string } {
  return { qlog: temporaryDirectory(t), state: temporaryDirectory(t) }
}

function writeStreams(dir: string): void {
  for (const { name, content } of STREAMS) writeFileSync(join(dir, name), content)
}

/** What a page says of these files if nobody touches them. */
async function untouched(t: Test, write: (dir: string) => void): Promise<string[]> {
  const dir = temporaryDirectory(t)
  write(dir)
  const life = new Life(configured('--qlog-dir', dir, '--start-at', 'beginning'))
  await life.look()
  const lines = (await life.page()).split('\n').filter((line) => /^[^#]/.test(line))
  await life.kill()
  return lines
}

/** Everything that says that something was lost, refused or read twice. */
function harm(page: Page): Record<string, number> {
  return {
    ...nonZero(page, 'quic_exporter_lost_bytes_total'),
    ...nonZero(page, 'quic_exporter_file_resets_total'),
    ...nonZero(page, 'quic_exporter_file_errors_total'),
  }
}

t.test('200 files are deleted, and the page stays as it is, also over restarts', async (t) => {
  const { qlog, state } = directories(t)
  let kept: string[] = []
  const write = (dir: string) => {
    writeStreams(dir)
    kept = keepers(dir)
  }
  const expected = await untouched(t, write)
  write(qlog)
  const keptBytes = kept.reduce((sum, name) => sum + statSync(join(qlog, name)).size, 0)
  const first = await startRetaining(t, qlog, state, '--retention', 'delete')
  const gone = await first.untilPage(
    'all files to be gone',
    (page) => total(page, 'quic_exporter_source_on_disk_bytes') === keptBytes,
  )
  t.same(readdirSync(qlog).sort(), kept)
  t.same(samplesOf(gone), expected)
  t.same(harm(gone), {})
  t.same(nonZero(gone, 'quic_exporter_retention_files_total'), { deleted: 200 })
  t.same((await first.running.stop()).code, 0)

  for (const how of ['stopped', 'killed']) {
    const next = await startRetaining(t, qlog, state, '--retention', 'delete')
    const page = await next.untilPage(
      'a look at all files',
      (one) => total(one, 'quic_exporter_files', { state: 'open' }) !== 0,
    )
    t.same(samplesOf(page), expected, how)
    t.same(harm(page), {})
    t.same(nonZero(page, 'quic_exporter_retention_files_total'), {})
    await next.kill()
  }
  t.same(readdirSync(qlog).sort(), kept)
})

for (const action of ['delete', 'gzip']) {
  t.test(`${action}: killed while files go, again and again (SEED=${SEED})`, async (t) => {
    const { qlog, state } = directories(t)
    const expected = await untouched(t, writeStreams)
    const random = seeded(SEED)
    writeStreams(qlog)
    const left = () => readdirSync(qlog).filter((name) => name.endsWith('.sqlog')).length
    const lefts: number[] = []
    while (left() > 0) {
      const exporter = await startRetaining(t, qlog, state, '--retention', action)
      const before = left()
      await until('a file to go', () => left() < before, { withinMs: 30_000, everyMs: 1 })
      await delay(random(action === 'gzip' ? 500 : 4))
      await exporter.kill()
      lefts.push(left())
      if (lefts.length > 100) throw new Error(`no end: ${lefts}`)
    }
    t.comment(`files left after each of ${lefts.length} kills: ${lefts}`)
    const last = await startRetaining(t, qlog, state, '--retention', action)
    const page = await last.untilPage(
      'the files to be forgotten',
      (one) => total(one, 'quic_exporter_source_on_disk_bytes') === 0,
    )
    t.same(samplesOf(page), expected)
    t.same(harm(page), {})
    if (action === 'delete') t.same(readdirSync(qlog), [])
    else {
      t.same(
        readdirSync(qlog).sort(),
        STREAMS.map(({ name }) => `${name}.gz`).sort(),
        'and no part of any',
      )
      for (const { name, content } of STREAMS) {
        const text = gunzipSync(readFileSync(join(qlog, `${name}.gz`))).toString()
        if (text !== content) t.fail(name)
      }
    }
  })
}

t.test('what a writer adds to a file without a name is counted', async (t) => {
  const { qlog, state } = directories(t)
  const [{ name, content } = { name: '', content: '' }] = STREAMS
  const lines = content.trimEnd().split('\n')
  const fd = openSync(join(qlog, name), 'a')
  t.teardown(() => closeSync(fd))
  writeSync(fd, content)
  const exporter = await startRetaining(t, qlog, state, '--retention', 'delete')
  await until('the file to go', () => !existsSync(join(qlog, name)), { withinMs: 30_000 })
  const late = `${lines.slice(-5).join('\n')}\n`
  writeSync(fd, late)
  const page = await exporter.untilPage(
    'the late records',
    (one) => total(one, 'quic_exporter_records_total') === lines.length + 5,
  )
  t.equal(total(page, 'quic_exporter_read_bytes_total'), content.length + late.length)
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
  const after = await exporter.untilPage(
    'the file to be closed',
    (one) => total(one, 'quic_exporter_source_on_disk_bytes') === 0,
  )
  t.same(samplesOf(after), samplesOf(page))
  t.same(harm(after), {})
})

t.test('nothing goes while the state cannot be saved', { skip: noSmallDisk }, async (t) => {
  const { qlog } = directories(t)
  const disk = smallDisk(t, '4m')
  const state = join(disk.dir, 'state')
  mkdirSync(state)
  const exporter = await startRetaining(t, qlog, state, '--retention', 'delete')
  disk.fill()
  writeStreams(qlog)
  const failures = (page: Page) => total(page, 'quic_exporter_state_write_failures_total') ?? 0
  const read = await exporter.untilPage('all to be read', (one) => {
    const open = total(one, 'quic_exporter_lag_bytes') === 0
    return open && total(one, 'quic_connections_total') === STREAMS.length && failures(one) > 0
  })
  // Retention tries again each second, and each try is a failed write.
  await exporter.untilPage('more tries', (one) => failures(one) > failures(read) + 5)
  t.equal(readdirSync(qlog).length, STREAMS.length)
  disk.empty()
  const page = await exporter.untilPage(
    'all to be gone',
    (one) => total(one, 'quic_exporter_retention_files_total') === STREAMS.length,
  )
  t.same(readdirSync(qlog), [])
  t.same(harm(page), {})
  await exporter.running.stop()
})

t.test('a dry run only tells, and whoever keeps files has no figure of it', async (t) => {
  const { qlog, state } = directories(t)
  writeStreams(qlog)
  // Whole names are told at this level only.
  const flags = ['--retention', 'gzip', '--retention-dry-run', '--log.level', 'debug']
  const dry = await startRetaining(t, qlog, state, ...flags)
  const page = await dry.untilPage(
    'all to be told of',
    (one) => nonZero(one, 'quic_exporter_retention_files_total')?.would_compress === STREAMS.length,
  )
  t.same(Object.keys(page.get('quic_exporter_retention_files_total')?.samples ?? {}), ['0'])
  t.equal(readdirSync(qlog).length, STREAMS.length)
  const { stderr } = await dry.running.stop()
  for (const { name } of STREAMS) {
    t.equal(stderr.split(`/${name}"`).length - 1, 1, name)
  }
  const keeps = await startRetaining(t, qlog, state)
  t.equal((await keeps.page()).get('quic_exporter_retention_files_total'), undefined)
  await keeps.running.stop()
})

t.test('retention begins, and ends, with the configuration that is read again', async (t) => {
  const { qlog, state } = directories(t)
  const [{ name, content } = { name: '', content: '' }] = STREAMS
  const file = join(temporaryDirectory(t), 'config.yml')
  const configure = (retention: string) => {
    const source = `name: qlog, paths: [${qlog}], start_at: beginning, retention_delay: 1s`
    writeFileSync(
      file,
      `sources:\n  - { ${source}, retention: ${retention} }\nstorage: { path: ${state} }\n` +
        'web: { listen: ["127.0.0.1:0"] }\ntail: { sweep_interval: 200ms, rotate_grace: 1s }\n',
    )
  }
  configure('keep')
  const exporter = await startWith(t, '--config.file', file)
  const reload = async (retention: string) => {
    const said = /"changed":"qlog","msg":"configuration read again"/g
    const count = () => exporter.running.stderr().match(said)?.length ?? 0
    const before = count()
    configure(retention)
    exporter.running.child.kill('SIGHUP')
    const isRead = () => count() > before
    await until('the configuration to be read', isRead, { withinMs: 10_000 })
  }
  writeFileSync(join(qlog, name), content)
  await exporter.untilPage('it', (one) => total(one, 'quic_connections_total') === 1)
  t.equal((await exporter.page()).get('quic_exporter_retention_files_total'), undefined)
  await reload('delete')
  await until('the file to go', () => !existsSync(join(qlog, name)), { withinMs: 30_000 })
  await reload('keep')
  appendFileSync(join(qlog, name), content)
  await exporter.untilPage('it again', (one) => total(one, 'quic_connections_total') === 2)
  // Three times what it would take for the file to go.
  await delay(6000)
  t.ok(existsSync(join(qlog, name)))
})

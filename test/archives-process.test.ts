/** Compressed files under a real exporter, which is killed in the middle of one: no figure changes. */
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { start } from './live/processes.ts'
import { writeOld } from './support/archives.ts'
import { FIXTURES } from './support/fixtures.ts'
import { nonZero, total } from './support/page.ts'
import { configured, Life } from './support/restarts.ts'
import { samplesOf, startWith } from './support/retention.ts'
import { seeded } from './support/seeded.ts'
import { temporaryDirectory } from './support/tail-harness.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const MAIN = fileURLToPath(new URL('../exporter/main.ts', import.meta.url))
const REPETITIONS = 2200

/**
 * 250 MB of one connection, header first; each repetition is a member. Reading them takes longer than the second for
 * which a page is shared.
 */
function long(): { readonly archive: Buffer; readonly length: number } {
  const stream = readFileSync(join(FIXTURES, 'quic-go/loss5.sqlog'))
  const header = stream.indexOf(10) + 1
  const body = gzipSync(stream.subarray(header))
  const members = Array.from({ length: REPETITIONS }, () => body)
  return {
    archive: Buffer.concat([gzipSync(stream.subarray(0, header)), ...members]),
    length: header + REPETITIONS * (stream.length - header),
  }
}

function flags(t: Test, qlog: string) {
  const storage = temporaryDirectory(t)
  return [
    ...['--qlog-dir', qlog, '--start-at', 'beginning', '--include', '*.sqlog.gz'],
    ...['--include', '*.sqlog.zst', '--storage.path', storage],
    ...['--web.listen-address', '127.0.0.1:0', '--tail.sweep-interval', '200ms'],
  ]
}

t.test(`killed in the middle of an archive, several times (SEED=${SEED})`, async (t) => {
  const random = seeded(SEED)
  const qlog = temporaryDirectory(t)
  const { archive: content, length } = long()
  const archive = writeOld(qlog, 'long.sqlog.gz', content)
  writeOld(
    qlog,
    'short.sqlog.zst',
    zstdCompressSync(readFileSync(join(FIXTURES, 'ngtcp2/clean.sqlog'))),
  )
  const args = flags(t, qlog)

  const first = await startWith(t, ...args)
  const middle = await first.untilPage('a page in the middle', (page) => {
    const read = total(page, 'quic_exporter_read_bytes_total') ?? 0
    if (read >= length) throw new Error('it was too fast')
    return read > 5e6
  })
  const read = total(middle, 'quic_exporter_read_bytes_total') ?? 0
  const lag = total(middle, 'quic_exporter_lag_bytes') ?? 0
  t.ok(lag > 0 && lag < content.length, `${lag} bytes wait on the disk when ${read} were read`)
  t.match(nonZero(middle, 'quic_exporter_files'), { open: 1 })
  await first.kill()

  for (let n = 0; n < 3; n++) {
    const next = start(t, { program: process.execPath, args: [MAIN, ...args] })
    await delay(200 + random(1000))
    next.child.kill('SIGKILL')
    await next.ended
  }
  renameSync(archive, join(qlog, 'renamed.sqlog.gz'))

  const control = new Life(
    configured(
      ...['--qlog-dir', qlog, '--start-at', 'beginning'],
      ...['--include', '*.sqlog.gz', '--include', '*.sqlog.zst'],
    ),
  )
  await control.look()
  await control.kill()
  const expected = (await control.page()).split('\n').filter((line) => /^[^#]/.test(line))

  for (const how of ['killed', 'stopped']) {
    const last = await startWith(t, ...args)
    const page = await last.page()
    t.same(samplesOf(page), expected, how)
    t.equal(total(page, 'quic_exporter_lag_bytes'), 0)
    t.same(nonZero(page, 'quic_exporter_lost_bytes_total'), {})
    t.same(nonZero(page, 'quic_exporter_file_errors_total'), {})
    t.same((await last.running.stop()).code, 0)
  }
})

t.test('what is wrong with a compressed file is on the page, and told once', async (t) => {
  const qlog = temporaryDirectory(t)
  const whole = gzipSync(readFileSync(join(FIXTURES, 'quic-go/clean.sqlog')))
  writeOld(qlog, 'good.sqlog.gz', whole)
  writeOld(qlog, 'none.sqlog.gz', 'nothing that was compressed\n')
  writeOld(qlog, 'bomb.sqlog.gz', gzipSync(Buffer.alloc(50 * 1024 ** 2, '{}\n')))
  const exporter = await startWith(t, ...flags(t, qlog))
  const page = await exporter.untilPage(
    'all files to be dealt with',
    (one) => nonZero(one, 'quic_exporter_files')?.complete === 3,
  )
  t.same(nonZero(page, 'quic_exporter_file_errors_total'), { compressed: 2 })
  t.ok((total(page, 'quic_exporter_lost_bytes_total', { reason: 'other' }) ?? 0) > 0)
  t.equal(total(page, 'quic_exporter_lag_bytes'), 0)
  await delay(1000)
  const told = exporter.running.stderr().split('\n')
  t.equal(told.filter((line) => line.includes('not read to its end')).length, 2)
  t.ok(told.some((line) => line.includes('"why":"corrupt"') && line.includes('none.sqlog.gz')))
  t.ok(told.some((line) => line.includes('"why":"ratio"') && line.includes('bomb.sqlog.gz')))
  t.same((await exporter.running.stop()).code, 0)
})

t.test('inspect and replay take what is compressed, and say what is wrong with it', async (t) => {
  const dir = temporaryDirectory(t)
  const plain = join(FIXTURES, 'quic-go/clean.sqlog')
  const content = readFileSync(plain)
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await start(t, {
      program: process.execPath,
      args: [MAIN, ...args],
    }).ended
    return { code, out: stdout, err: stderr }
  }
  const gz = writeOld(dir, 'clean.sqlog.gz', gzipSync(content))
  const zst = writeOld(dir, 'clean.sqlog.zst', zstdCompressSync(content))
  const bad = writeOld(dir, 'bad.sqlog.gz', gzipSync(content).subarray(0, -10))
  const expected = await run('replay', plain)
  for (const path of [gz, zst]) {
    t.same(await run('replay', path), { ...expected, err: '' })
    const { out } = await run('inspect', path)
    t.equal(out.replace(path, plain), (await run('inspect', plain)).out)
    const events = await run('inspect', '--events', path)
    t.equal(events.out.replaceAll(path, plain), (await run('inspect', '--events', plain)).out)
  }
  for (const command of ['replay', 'inspect']) {
    const { code, err } = await run(command, bad)
    t.equal(code, 0)
    t.match(err, 'bad.sqlog.gz is not read to its end: early')
  }
})

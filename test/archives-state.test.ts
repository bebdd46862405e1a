/** Compressed or not, killed or not: the same page. */
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { replayPage } from '../scripts/snap/goldens.ts'
import { writeOld } from './support/archives.ts'
import { fixtures } from './support/fixtures.ts'
import { nonZero, parsePage } from './support/page.ts'
import { configured, Life } from './support/restarts.ts'
import { seeded } from './support/seeded.ts'
import { temporaryDirectory } from './support/tail-harness.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const STREAMS = fixtures().map(({ path }) => ({
  name: basename(path),
  content: readFileSync(path),
}))

type Compress = (content: Buffer, index: number) => Buffer

/** Not compressed at all, so that there are as many pieces as possible. */
const stored: Compress = (content) => gzipSync(content, { level: 0 })

function config(dir: string, pattern: string) {
  return configured('--qlog-dir', dir, '--start-at', 'beginning', '--include', pattern)
}

/** A directory of all streams. */
function directory(t: Test, ending: string, compress: Compress): string {
  const dir = temporaryDirectory(t)
  for (const [index, { name, content }] of STREAMS.entries()) {
    writeOld(dir, `${index}-${name}${ending}`, compress(content, index))
  }
  return dir
}

async function pageOf(dir: string, pattern: string, saved?: readonly Uint8Array[]) {
  const life = new Life(config(dir, pattern), saved)
  await life.look()
  await life.kill()
  return life.page()
}

const members: Compress = (content, index) => {
  const cut = (index * 7919) % content.length
  return Buffer.concat([gzipSync(content.subarray(0, cut)), gzipSync(content.subarray(cut))])
}

/** Samples of a page, without what only a source that is followed has. */
function samplesOf(page: string): string[] {
  return page
    .split('\n')
    .filter((line) => /^[^#]/.test(line) && !line.startsWith('quic_exporter_file_resets_total'))
}

const gzipped: Compress = (content) => gzipSync(content)

t.test('every recording: the page is that of the uncompressed file', async (t) => {
  const expected = samplesOf(await replayPage(directory(t, '', (content) => content)))
  t.ok(expected.length > 100)
  for (const [ending, compress] of [
    ['.gz', gzipped],
    ['.gz', members],
    ['.zst', (content: Buffer) => zstdCompressSync(content)],
  ] as const) {
    const dir = directory(t, ending, compress)
    t.same(samplesOf(await pageOf(dir, `*${ending}`)), expected, 'followed')
    t.same(samplesOf(await replayPage(dir)), expected, 'replayed')
  }
})

t.test(`killed in the middle of archives, and started again (SEED=${SEED})`, async (t) => {
  const expected = await pageOf(directory(t, '.gz', gzipped), '*.gz')
  const random = seeded(SEED)
  const dir = directory(t, '.gz', stored)
  let saved: Uint8Array[] = []
  let kills = 0
  for (let isOver = false; !isOver; ) {
    const life = new Life(config(dir, '*.gz'), saved)
    const turns = async (count: number) => {
      for (let n = 0; n < count && !isOver; n++) await new Promise(setImmediate)
    }
    let isKilled = false
    const looking = life.look().then(() => {
      isOver ||= !isKilled
    })
    await turns(random(200))
    saved = life.image()
    await turns(random(100))
    // Some of what was read is saved as a change, some not at all.
    if (random(2) > 0) saved.push(life.batch())
    await turns(random(100))
    isKilled = true
    await life.kill()
    await looking
    if (isOver) saved.push(life.batch())
    else kills += 1
  }
  t.ok(kills > 5, `${kills} kills`)
  const last = new Life(config(dir, '*.gz'), saved)
  await last.look()
  await last.kill()
  t.equal(await last.page(), expected)
})

t.test('what was read is not read again after a restart, wherever it lies', async (t) => {
  const dir = directory(t, '.gz', gzipped)
  const life = new Life(config(dir, '*.gz'))
  await life.look()
  const saved = life.image()
  await life.kill()
  const expected = await life.page()
  t.equal(await pageOf(dir, '*.gz', saved), expected)
  for (const name of readdirSync(dir)) renameSync(join(dir, name), join(dir, `renamed-${name}`))
  t.equal(await pageOf(dir, '*.gz', saved), expected, 'renamed meanwhile')
})

t.test('what is gone may come back; what is new under its inode is new', async (t) => {
  const [first, second] = STREAMS
  const dir = temporaryDirectory(t)
  const away = temporaryDirectory(t)
  mkdirSync(join(away, 'x'))
  writeOld(dir, 'a.gz', gzipSync(first?.content ?? ''))
  const life = new Life(config(dir, '*.gz'))
  await life.look()
  renameSync(join(dir, 'a.gz'), join(away, 'a.gz'))
  for (let n = 0; n < 3; n++) await life.look()
  const saved = life.image()
  const expected = await life.page()
  await life.kill()
  renameSync(join(away, 'a.gz'), join(dir, 'a.gz'))
  const next = new Life(config(dir, '*.gz'), saved)
  await next.look()
  t.equal(await next.page(), expected)
  // As when the number of an inode is used again.
  writeOld(dir, 'a.gz', gzipSync(second?.content ?? ''))
  await next.kill()
  const page = parsePage(await pageOf(dir, '*.gz', next.image()))
  const read = nonZero(page, 'quic_exporter_read_bytes_total')
  t.same(read, { '': (first?.content.length ?? 0) + (second?.content.length ?? 0) })
  t.same(nonZero(page, 'quic_exporter_file_resets_total'), { replaced: 1 })
})

t.test('an archive that ended too early grows while nobody runs', async (t) => {
  const [{ content } = { content: Buffer.alloc(0) }] = STREAMS
  const whole = gzipSync(content)
  const control = temporaryDirectory(t)
  writeOld(control, 'a.gz', whole)
  const expected = await pageOf(control, '*.gz')
  const dir = temporaryDirectory(t)
  let saved: readonly Uint8Array[] | undefined
  for (const part of [0.3, 0.3, 0.6, 0.9]) {
    writeOld(dir, 'a.gz', whole.subarray(0, Math.floor(part * whole.length)))
    const life = new Life(config(dir, '*.gz'), saved)
    await life.look()
    saved = life.image()
    await life.kill()
    t.not(await life.page(), expected)
  }
  writeOld(dir, 'a.gz', whole)
  t.equal(await pageOf(dir, '*.gz', saved), expected)
})

t.test('what was history at the very first start stays history, over restarts', async (t) => {
  const [first, second] = STREAMS
  const dir = temporaryDirectory(t)
  writeOld(dir, 'a.gz', gzipSync(first?.content ?? ''))
  const fromTheEnd = configured('--qlog-dir', dir, '--include', '*.gz')
  let saved: readonly Uint8Array[] | undefined
  const readBytes = async () => {
    const life = new Life(fromTheEnd, saved)
    await life.look()
    saved = life.image()
    await life.kill()
    return nonZero(parsePage(await life.page()), 'quic_exporter_read_bytes_total')
  }
  t.same(await readBytes(), {})
  t.same(await readBytes(), {})
  writeOld(dir, 'b.gz', gzipSync(second?.content ?? ''))
  t.same(await readBytes(), { '': second?.content.length })
  t.same(await readBytes(), { '': second?.content.length })
})

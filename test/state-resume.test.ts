/** Killed anywhere in a recording and started again from what was saved: the same page as without it. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { fixtures } from './support/fixtures.ts'
import { configured, Life } from './support/restarts.ts'
import { seeded } from './support/seeded.ts'

const RESTARTS = 12
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

for (const [index, { name, path }] of fixtures().entries()) {
  t.test(`${name}: ${RESTARTS} kills (SEED=${SEED})`, async (t) => {
    const content = readFileSync(path)
    const random = seeded(SEED + index)
    const cuts = Array.from({ length: 3 * RESTARTS }, () => random(content.length)).sort(
      (a, b) => a - b,
    )
    const config = configured('--qlog-dir', directory(t), '--start-at', 'beginning')
    const [root = ''] = config.sources[0]?.paths ?? []
    const file = join(root, basename(path))
    let written = 0
    const writeTo = (end: number) => {
      appendFileSync(file, content.subarray(written, end))
      written = end
    }
    let life = new Life(config)
    let saved = life.image()
    let kills = 0
    for (const cut of cuts) {
      writeTo(cut)
      await life.look()
      // Some of what was read is saved as a change, some as part of an image, some not at all.
      const then = random(5)
      if (then < 2) saved.push(life.batch())
      else if (then === 2) saved = life.image()
      if (random(3) > 0) continue
      await life.kill()
      kills += 1
      life = new Life(config, saved)
      saved = life.image()
    }
    writeTo(content.length)
    await life.look()
    await life.kill()

    const control = new Life(config)
    await control.look()
    await control.kill()
    t.ok(kills > 2, `${kills} kills`)
    t.equal(await life.page(), await control.page())
  })
}

function directory(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'resume-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

t.test('a batch holds the rows of a pass that was begun and left', async (t) => {
  const root = directory(t)
  const config = configured('--qlog-dir', root, '--start-at', 'beginning')
  const [first, second] = fixtures()
  const life = new Life(config)
  await life.look()
  const saved = life.image()
  for (const { path } of [first, second] as { path: string }[]) {
    appendFileSync(join(root, basename(path)), readFileSync(path))
  }
  await life.look()
  // As when a scrape comes while slices are being written.
  const slices = life.changes()
  const begun = slices.next().value as Uint8Array
  saved.push(begun.slice(), life.batch())
  t.equal(slices.next().done, true, 'nothing is left to be written later')
  await life.kill()
  const next = new Life(config, saved)
  await next.look()
  await next.kill()
  t.equal(await next.page(), await life.page())
})

t.test('where no state can be written, what changed does not pile up', async (t) => {
  const root = directory(t)
  const config = configured('--qlog-dir', root, '--start-at', 'beginning')
  const life = new Life(config)
  for (const [index, { path }] of fixtures().slice(0, 3).entries()) {
    appendFileSync(join(root, `${index}.sqlog`), readFileSync(path))
    await life.look()
    t.ok(life.listed.connections.length > 0, 'listed until somebody saves')
    // As when the disk is full: each attempt begins with an image, and gets no further.
    life.forgetChanges()
    t.equal(life.listed.connections.length, 0)
    t.equal(life.listed.over.length, 0)
  }
  const saved = life.image()
  await life.kill()
  const next = new Life(config, saved)
  t.equal(await next.page(), await life.page())
  await next.kill()
})

for (const slices of [1, 3, 5, 7]) {
  t.test(`slice ${slices} fails: nothing is left that is never saved`, async (t) => {
    const root = directory(t)
    const config = configured('--qlog-dir', root, '--start-at', 'beginning')
    const life = new Life(config)
    const files = fixtures().slice(0, 4)
    const write = (from: number, to: number) => {
      for (const [index, { path }] of files.entries()) {
        appendFileSync(join(root, `${index}.sqlog`), readFileSync(path).subarray(from, to))
      }
    }
    await life.look()
    life.image()
    write(0, 20_000)
    await life.look()
    // Nobody asks for the next slice, and an image is due.
    const changes = life.changes()
    for (let n = 0; n < slices; n += 1) t.equal(changes.next().done, false)
    changes.return()
    life.forgetChanges()
    const saved = life.image()
    write(20_000, 60_000)
    await life.look()
    saved.push(life.batch())
    await life.kill()
    const next = new Life(config, saved)
    write(60_000, Number.POSITIVE_INFINITY)
    await next.look()
    await next.kill()
    const control = new Life(config)
    await control.look()
    await control.kill()
    t.equal(await next.page(), await control.page())
  })
}

/** Logs that are no qlog, killed anywhere and started again from what was saved: the same page as without it. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadConfig } from '../exporter/config/load.ts'
import type { Config } from '../exporter/config/schema.ts'
import { polledDialectNamed } from '../qlog-parsers/index.ts'
import { FIXTURES, logFixtures } from './support/fixtures.ts'
import { parsePage, total } from './support/page.ts'
import { Life } from './support/restarts.ts'
import { seeded } from './support/seeded.ts'

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const LOOKS = 24

/** The folder's configuration with this file instead of its own; its `fields` stay. */
function configOf(dialect: string, file: string): Config {
  const written = join(FIXTURES, dialect, 'config.yml')
  const yaml = existsSync(written)
    ? readFileSync(written, 'utf8').replace(
        /paths: \[[^\]]*\]/,
        `paths: [${file}]\n    start_at: beginning`,
      )
    : `sources: [{ name: lb, paths: [${file}], dialect: ${dialect}, start_at: beginning }]`
  const { config, errors } = loadConfig({ file: 'c.yml', flags: {}, env: {}, readFile: () => yaml })
  if (config === undefined) throw new Error(errors?.join('\n'))
  return config
}

function directory(t: Test): string {
  const path = mkdtempSync(join(tmpdir(), 'log-resume-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const tailed = logFixtures().filter(({ dialect }) => polledDialectNamed(dialect) === undefined)

for (const [index, { name, dialect, path }] of tailed.entries()) {
  t.test(`${name}: killed again and again (SEED=${SEED})`, async (t) => {
    const content = readFileSync(path)
    const random = seeded(SEED + index)
    const cuts = Array.from({ length: LOOKS }, () => random(content.length)).sort((a, b) => a - b)
    const file = join(directory(t), 'events.log')
    const config = configOf(dialect, file)
    let written = 0
    const writeTo = (end: number) => {
      appendFileSync(file, content.subarray(written, end))
      written = end
    }
    writeTo(0)
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
    t.ok(kills > 1, `${kills} kills`)
    const expected = await control.page()
    t.match(expected, new RegExp(`dialect="${dialect}"`))
    t.equal(await life.page(), expected)
  })
}

t.test('what silence settled is settled after a restart, too', async (t) => {
  const file = join(directory(t), 'events.log')
  // A client moves, and nothing more is heard of it.
  appendFileSync(file, readFileSync(join(FIXTURES, 'nginx-error-log/client-migrate.log')))
  let now = 1_800_000_000_000
  const clock = { now: () => now }
  const config = configOf('nginx-error-log', file)
  let life = new Life(config, [], clock)
  const saved = life.image()
  const moves = async () => total(parsePage(await life.page()), 'quic_connection_migrations_total')
  await life.look()
  saved.push(life.batch())
  t.equal(await moves(), 0, 'it may still be heard of')
  for (let restart = 0; restart < 3; restart += 1) {
    now += 70_000
    await life.look()
    saved.push(life.batch())
    t.equal(await moves(), 1)
    await life.kill()
    life = new Life(config, saved, clock)
    await life.look()
  }
  await life.kill()
})

/** A source that is said to be up, and is not. */
import { appendFileSync, chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Exporter } from '../exporter/exporter.ts'
import { createLogger } from '../exporter/logging.ts'
import { stateOfFiles } from '../exporter/source-state.ts'
import { asking } from './support/asked.ts'

t.test('what is worst is told', async (t) => {
  const good = { up: true, files: 1, lagSeconds: 0, refused: undefined, understandsNothing: false }
  const text = (change: object) => stateOfFiles({ ...good, ...change }).text
  t.equal(text({}), 'up')
  t.equal(text({ files: 0 }), 'up, no file yet')
  t.equal(text({ lagSeconds: 4.9 }), 'up')
  t.equal(text({ lagSeconds: 72.4 }), 'behind by 72 s')
  t.equal(text({ understandsNothing: true, lagSeconds: 72 }), 'nothing understood yet')
  t.equal(text({ refused: 'permission', understandsNothing: true }), 'not all read: permission')
  t.equal(text({ up: false, refused: 'permission' }), 'down: a path cannot be scanned')
})

t.test('sources at work: gone, not understood, refused, not answering', async (t) => {
  const root = t.testdir({ 'lb.log': '', good: {}, dir: {} })
  const place = (name: string) => join(root, name)
  const beginning = 'start_at: beginning'
  const config = asking({
    good: [`paths: [${place('good')}]`],
    gone: [`paths: [${place('nowhere')}]`],
    strange: [`paths: [${place('lb.log')}]`, 'dialect: caddy', beginning],
    link: [`paths: [${place('dir')}]`, beginning],
    polled: ['url: unix:/nowhere/at/all', 'dialect: caddy-admin'],
  })
  const exporter = new Exporter(config, createLogger({ level: 'error', format: 'json' }))
  t.teardown(() => exporter.stop())
  appendFileSync(place('lb.log'), '{"no":"caddy"}\n'.repeat(3))
  mkdirSync(place('dir/sub'))
  writeFileSync(place('dir/a.sqlog'), '{}')
  chmodSync(place('dir/a.sqlog'), 0)
  const states = async () => {
    await Promise.all(exporter.sources.all.map((source) => source.sweep()))
    const entries = exporter.sources.all.map(({ summary: { name, state } }) => [name, state.text])
    return Object.fromEntries(entries)
  }
  const now = await states()
  // Whoever is root may read everything.
  const isRoot = process.getuid?.() === 0
  t.match(now, {
    good: 'up, no file yet',
    gone: 'down: a path cannot be scanned',
    strange: 'nothing understood yet',
    ...(isRoot ? {} : { link: 'not all read: permission' }),
    polled: 'down: unreachable',
  })
  rmSync(place('dir/a.sqlog'))
})

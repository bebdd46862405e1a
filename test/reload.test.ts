/** Another configuration while running: what is read on keeps its numbers. */
import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { fixtures } from './support/fixtures.ts'
import { configured, Life } from './support/restarts.ts'

t.test('a source that reads the same goes on, whatever else is said of it', async (t) => {
  const root = t.testdir()
  const { path } = fixtures()[0] as { path: string }
  copyFileSync(path, join(root, basename(path)))
  const from = ['--qlog-dir', root, '--start-at', 'beginning']
  const life = new Life(configured(...from))
  await life.look()
  const before = await life.page()
  t.match(before, /quic_connections_total\{source="qlog"\} 1/)
  const state = ['--storage.path', join(root, 'state'), '--retention', 'delete']
  await life.change(configured(...from, ...state, '--sample-ratio', '0.5'))
  await life.look()
  t.equal(await life.page(), before)
  await life.kill()
})

t.test('a source that is gone leaves no series, one that comes begins at 0', async (t) => {
  const root = t.testdir()
  const places = ['a', 'b'].map((name) => join(root, name))
  for (const place of places) {
    mkdirSync(place)
    const { path } = fixtures()[0] as { path: string }
    copyFileSync(path, join(place, basename(path)))
  }
  const reading = (paths: readonly string[]) =>
    configured(...paths.flatMap((path) => ['--qlog-dir', path]), '--start-at', 'beginning')
  const life = new Life(reading(places))
  await life.look()
  const both = await life.page()
  await life.change(reading(places.slice(0, 1)))
  const one = await life.page()
  t.match(both, /source="qlog-2"/)
  t.notMatch(one, /source="qlog-2"/)
  t.equal(
    one,
    lines(both, (line) => !line.includes('source="qlog-2"')),
  )
  const saved = life.image()
  await life.change(reading(places))
  t.match(await life.page(), /quic_exporter_records_total\{source="qlog-2"\} 0/)
  await life.look()
  t.equal(await life.page(), both, 'and reads what lies there')
  await life.kill()

  const next = new Life(reading(places), saved)
  await next.look()
  t.equal(await next.page(), both, 'saved without it: it begins anew, the other goes on')
  await next.kill()
})

function lines(page: string, which: (line: string) => boolean): string {
  return page.split('\n').filter(which).join('\n')
}

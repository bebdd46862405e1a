/** `replay`: a page that depends on the bytes of the files and on nothing else. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { replayPage } from '../scripts/snap/goldens.ts'
import { caddyLb, FIXTURES } from './support/fixtures.ts'
import { nonZero, type Page, parsePage, total } from './support/page.ts'

const STREAMS = [
  'quic-go/client-migrate.sqlog',
  'quiche/client-natrebind.sqlog',
  'ngtcp2/idle-timeout.sqlog',
]

/** Copies of streams under other names; their paths. */
function copies(root: string, names: Readonly<Record<string, string>>): string[] {
  return Object.entries(names).map(([name, stream]) => {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    copyFileSync(join(FIXTURES, stream), path)
    return path
  })
}

t.test('the same bytes give the same page, wherever they lie and however often', async (t) => {
  const [go = '', quiche = '', ngtcp2 = ''] = STREAMS
  const originals = STREAMS.map((name) => join(FIXTURES, name))
  const expected = await replayPage(...originals)
  t.equal(await replayPage(...originals), expected, 'again')
  t.equal(await replayPage(...[...originals].reverse()), expected, 'in another order')
  const flat = t.testdir({ flat: {}, deep: {} })
  const moved = copies(join(flat, 'flat'), { 'z.qlog': go, 'a.sqlog': quiche, 'm.sqlog': ngtcp2 })
  t.equal(await replayPage(...moved), expected, 'elsewhere, under other names')
  t.equal(await replayPage(join(flat, 'flat')), expected, 'as a directory')
  copies(join(flat, 'deep'), { 'a/b/c/1.sqlog': go, 'a/2.sqlog': quiche, '3.qlog': ngtcp2 })
  t.equal(await replayPage(join(flat, 'deep')), expected, 'as a tree')
  t.equal(await replayPage(`${join(flat, 'deep')}/`), expected, 'with a slash')
  const [, second = '', third = ''] = moved
  t.equal(await replayPage(second, join(flat, 'deep/a/b'), third), expected, 'mixed')
})

t.test('a directory is its qlog files, nothing else that lies in it', async (t) => {
  const root = t.testdir({
    'notes.txt': 'not a qlog file',
    'a.prom': 'quic_connections_total 7\n',
    'one.sqlog.gz': 'packed: what it was made of is there',
    'dir.sqlog': {},
    empty: {},
  })
  const [path = ''] = copies(root, { 'one.sqlog': STREAMS[0] as string })
  t.equal(await replayPage(root), await replayPage(path))
  const nothing = parsePage(await replayPage(join(root, 'empty')))
  t.equal(
    total(nothing, 'quic_exporter_records_total'),
    0,
    'an empty directory is a page all the same',
  )
  const named = parsePage(await replayPage(join(root, 'notes.txt')))
  t.equal(total(named, 'quic_exporter_records_failed_total'), 1, 'a file that is named is read')
})

const sources = (page: Page) =>
  new Set([...page.values()].flatMap(({ samples }) => samples.map(({ labels }) => labels.source)))

t.test('the source is called qlog, or as it is asked for', async (t) => {
  const path = join(FIXTURES, STREAMS[0] as string)
  const plain = await replayPage(path)
  t.same(sources(parsePage(plain)), new Set(['qlog']))
  const named = await replayPage(path, '--source', 'edge-1')
  t.same(sources(parsePage(named)), new Set(['edge-1']))
  t.equal(named.replaceAll('source="edge-1"', 'source="qlog"'), plain, 'and nothing else changes')
})

t.test('nothing on the page depends on the clock or the process', async (t) => {
  const page = parsePage(await replayPage(join(FIXTURES, STREAMS[0] as string)))
  const names = [...page.keys()]
  const wrong =
    /^(process_|nodejs_)|build_info|silent|lag_|_timestamp_|source_up|_duration_seconds_total/
  t.same(
    names.filter((name) => wrong.test(name)),
    [],
  )
  t.ok(names.length > 50)
})

t.test('360 connections of one Caddy: none moved, all closed', async (t) => {
  const root = t.testdir({})
  const streams = caddyLb()
  for (const { name, content } of streams) writeFileSync(join(root, name), content)
  const page = parsePage(await replayPage(root))
  t.equal(streams.length, 360)
  t.equal(total(page, 'quic_connections_total'), 360)
  t.equal(total(page, 'quic_connections_active'), 0)
  t.equal(total(page, 'quic_connections_closed_total'), 360)
  t.equal(total(page, 'quic_connections_closed_total', { reason: 'expired' }), 0)
  t.equal(total(page, 'quic_connections_closed_total', { reason: 'unknown' }), 0)
  t.same(nonZero(page, 'quic_connection_migrations_total'), {})
  t.same(nonZero(page, 'quic_path_validations_total'), {})
  t.equal(total(page, 'quic_handshakes_completed_total'), 360)
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
  t.equal(total(page, 'quic_exporter_events_unknown_total'), 0)
  const bytes = streams.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0)
  t.equal(total(page, 'quic_exporter_read_bytes_total'), bytes)
})

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { comparableCounts, differences } from '../scripts/bench/counts.ts'
import { cachedStream, writeStream } from '../scripts/bench/generate.ts'
import { measure } from '../scripts/bench/measure.ts'
import { renderReport, reportOn } from '../scripts/bench/report.ts'
import { mergedStream, SHAPES, type ShapeName } from '../scripts/bench/stream/merged.ts'
import { goFloat, rustFloat32 } from '../scripts/bench/stream/shapes/numbers.ts'

const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[]
const SMALL = { bytes: 1_500_000, connections: 50, seed: 1 }
const PROGRAMS = ['scripts/bench/baselines/naive.ts', 'scripts/bench/baselines/json-plain.ts']
const root = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

interface QlogRecord {
  readonly time: number
  readonly name: string
  readonly group_id: string
  readonly data: {
    readonly header?: { readonly packet_type: string }
    readonly raw?: { readonly length: number }
    readonly frames?: readonly { readonly frame_type: string }[]
    readonly cf_lost_packets?: { readonly delta: number }
    readonly new?: string
  }
}

function textOf(shape: ShapeName, seed = SMALL.seed): string {
  return [...mergedStream({ ...SMALL, shape, seed })].join('')
}

function recordsOf(text: string): readonly QlogRecord[] {
  return text
    .split('\x1e')
    .slice(2)
    .map((record) => JSON.parse(record))
}

/** The same counts by another way: one pass over parsed records for each count. */
function witness(records: readonly QlogRecord[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const add = (key: string, value: number) => {
    if (value > 0) counts.set(key, (counts.get(key) ?? 0) + value)
  }
  for (const direction of ['sent', 'received']) {
    const packets = records.filter(({ name }) => name.endsWith(`:packet_${direction}`))
    for (const { data } of packets) {
      add(`quic_packets_${direction}_total{${data.header?.packet_type.toLowerCase()}}`, 1)
      add(`quic_${direction}_bytes_total`, data.raw?.length ?? 0)
    }
    const frames = packets.flatMap(({ data }) => data.frames?.map((frame) => frame.frame_type))
    for (const kind of ['challenge', 'response']) {
      const found = frames.filter((type) => type === `path_${kind}`).length
      add(`quic_path_${kind}s_${direction}_total`, found)
    }
  }
  // The header is a record, and no event.
  add('quic_exporter_records_total', records.length + 1)
  for (const { name } of records) {
    const event = name.replace(/^.*:/, '').replace('recovery_', '')
    add(`quic_exporter_events_total{${event}}`, 1)
  }
  add('quic_packets_lost_total', records.filter(({ name }) => name.endsWith('packet_lost')).length)
  for (const { name, data } of records) {
    add('quic_packets_lost_total', data.cf_lost_packets?.delta ?? 0)
    if (name.endsWith('congestion_state_updated')) {
      add(`quic_congestion_state_transitions_total{${data.new}}`, 1)
    }
  }
  const ended = records.filter(
    ({ name, data }) =>
      name.endsWith('connection_closed') ||
      data.frames?.some((frame) => frame.frame_type === 'connection_close'),
  )
  add('quic_connections_total', new Set(records.map((record) => record.group_id)).size)
  add('quic_connections_closed_total', new Set(ended.map((record) => record.group_id)).size)
  return counts
}

/** Every pair of keys of every object, in the order in which they are written. */
function keyOrders(value: unknown, path: string, orders: Set<string>): Set<string> {
  if (Array.isArray(value)) for (const item of value) keyOrders(item, path, orders)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return orders
  const keys = Object.keys(value).filter((key) => key !== 'group_id')
  const kind = 'frame_type' in value ? `${path}<${value.frame_type}>` : path
  for (const [index, key] of keys.entries()) {
    for (const later of keys.slice(index + 1)) orders.add(`${kind}: ${key} before ${later}`)
  }
  for (const [key, item] of Object.entries(value)) keyOrders(item, `${kind}.${key}`, orders)
  return orders
}

for (const shape of SHAPE_NAMES) {
  t.test(`${shape}: the seed decides every byte`, async (t) => {
    const digest = (text: string) => createHash('sha256').update(text).digest('hex')
    t.equal(digest(textOf(shape)), digest(textOf(shape)))
    t.not(digest(textOf(shape, 2)), digest(textOf(shape)))
  })

  t.test(`${shape}: one stream of many interleaved connections in the order of time`, async (t) => {
    const text = textOf(shape)
    const records = recordsOf(text)
    const times = records.map((record) => record.time)
    const ids = records.map((record) => record.group_id)
    const handovers = ids.filter((id, index) => id !== ids[index - 1]).length
    t.ok(Buffer.byteLength(text) >= SMALL.bytes, 'as long as asked for')
    t.ok(Buffer.byteLength(text) < SMALL.bytes * 1.2, 'and not much longer')
    t.equal(text.split('\n').length, records.length + 2, 'one record on each line')
    t.same(
      times,
      times.toSorted((a, b) => a - b),
    )
    t.equal(new Set(ids).size, SMALL.connections)
    t.ok(handovers > 5 * SMALL.connections, 'connections take turns')
    if (shape === 'quic-go') t.match(text, /\\"name\\":\\"transport:packet_sent\\"/)
  })

  t.test(`${shape}: keys stand in the order of recorded streams`, async (t) => {
    const folder = root(`test/fixtures/${shape}`)
    const recorded = new Set<string>()
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.sqlog'))) {
      const [, , ...records] = readFileSync(join(folder, file), 'utf8').split('\x1e')
      for (const text of records.filter((record) => record.endsWith('\n'))) {
        const record = JSON.parse(text)
        keyOrders(record, record.name, recorded)
      }
    }
    const written = new Set<string>()
    for (const record of recordsOf(textOf(shape))) keyOrders(record, record.name, written)
    const reversed = [...written].filter((order) =>
      recorded.has(order.replace(/: (.*) before (.*)$/, ': $2 before $1')),
    )
    const seen = [...written].filter((order) => recorded.has(order))
    t.same(reversed, [])
    t.ok(seen.length > written.size / 2, 'most pairs of keys occur in the recordings')
  })

  t.test(`${shape}: all programs count what a plain reading counts`, async (t) => {
    const path = join(t.testdir(), 'stream.sqlog')
    writeStream(path, { ...SMALL, shape })
    const expected = witness(recordsOf(readFileSync(path, 'utf8')))
    const product = existsSync(root('exporter/main.ts')) ? [['exporter/main.ts', 'replay']] : []
    for (const [program = '', ...command] of [...PROGRAMS.map((name) => [name]), ...product]) {
      const run = await measure([root(program), ...command, path])
      t.same(differences(expected, comparableCounts(run.page)), [], program)
      t.ok(run.cpuSeconds > 0 && run.peakBytes > 0, `${program} reports what it used`)
    }
  })
}

t.test('a stream is written once and what an older generator left goes away', async (t) => {
  const directory = t.testdir({ 'quic-go-1-1-1-00000000.sqlog': 'old', 'notes.txt': 'kept' })
  const parameters = { shape: 'quic-go', bytes: 20_000, connections: 2, seed: 3 } as const
  const path = cachedStream(directory, parameters)
  t.ok(statSync(path).size >= 20_000)
  t.equal(readdirSync(directory).length, 2)
  writeFileSync(path, 'marked')
  t.equal(cachedStream(directory, parameters), path)
  t.equal(readFileSync(path, 'utf8'), 'marked')
})

t.test(
  'probes for the path MTU are lost packets, expired connections are not closed',
  async (t) => {
    const counts = comparableCounts(
      [
        '# TYPE quic_packets_lost_total counter',
        'quic_packets_lost_total{source="a",trigger="time_threshold"} 3',
        'quic_packets_lost_total{source="a",trigger="reordering_threshold"} 4',
        'quic_mtu_probes_lost_total{source="a"} 2',
        'quic_packets_sent_total{source="a",packet_type="1rtt"} 1.5e+06',
        'quic_packets_sent_total{source="a",packet_type="0rtt"} 0',
        'quic_connections_closed_total{source="a",reason="no_error",initiator="remote"} 5',
        'quic_connections_closed_total{source="a",reason="expired",initiator="unknown"} 6',
        'quic_rtt_seconds_count{source="a"} 7',
      ].join('\n'),
    )
    t.strictSame(Object.fromEntries(counts), {
      quic_packets_lost_total: 9,
      'quic_packets_sent_total{1rtt}': 1_500_000,
      quic_connections_closed_total: 5,
    })
    t.same(differences(counts, new Map([...counts, ['quic_packets_lost_total', 8]])), [
      'quic_packets_lost_total: 9 and 8',
    ])
  },
)

t.test('the table compares round by round', async (t) => {
  const run = (cpuSeconds: number) => ({ cpuSeconds, wallSeconds: 1, peakBytes: 5e7, page: '' })
  const input = { shape: 'quic-go', bytes: 2e6, events: 1000, connections: 10 }
  const runs = new Map([
    ['ours', [run(1), run(2), run(1)]],
    ['other', [run(4), run(5), run(6)]],
  ])
  const report = reportOn(input, false, runs)
  t.match(report.ratios, [{ program: 'other', min: 2.5, median: 4, max: 6 }])
  t.match(report.rows, [
    { eventsPerSecond: 1000, microsecondsPerEvent: 1000, megabytesPerSecond: 2 },
    { cpuSeconds: 5, peakMegabytes: 50 },
  ])
  t.match(renderReport(report), /start-up included[\s\S]*other \/ ours: 4\.00 \(2\.50 to 6\.00/)
})

t.test('numbers are written as the producers write them', async (t) => {
  t.equal(goFloat(999_999.999999), '999999.999999')
  t.equal(goFloat(1_018_329.007859), '1.018329007859e+06')
  t.equal(goFloat(0.00001), '1e-05')
  t.equal(rustFloat32(47.844135), '47.844135')
  t.equal(rustFloat32(333), '333.0')
})

t.test('a program that fails is not measured', async (t) => {
  const directory = t.testdir({ 'fails.mjs': 'process.exitCode = 3' })
  await t.rejects(measure([join(directory, 'fails.mjs')]), { message: /ended with 3/ })
})

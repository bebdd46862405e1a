import { fileURLToPath } from 'node:url'
import type { Page } from '../live/exporter.ts'
import { packet } from './support/book.ts'
import { ofWritten, untilExact } from './support/exact.ts'
import { fault } from './support/fault.ts'
import { mix } from './support/mix.ts'
import { makeScene, RECORDS } from './support/scene.ts'

const REPORTER = fileURLToPath(new URL('support/report-prototype.ts', import.meta.url))

/** A whole good record, to be given where it must not be taken for one. */
const GOOD = packet(0).slice(1, -1)

const NOT_RECORDS: Readonly<Record<string, readonly string[]>> = {
  json: ['GET / HTTP/1.1', 'null', '[]', '17', '"text"', 'true', `[${GOOD}]`, GOOD + GOOD],
  schema: [
    '{}',
    `{"__proto__":${GOOD}}`,
    '{"__proto__":{"polluted":1},"time":1}',
    `{"constructor":{"prototype":{"polluted":1}},"toString":1}`,
    '{"time":1,"name":"transport:packet_received","data":{"__proto__":{"header":{}}}}',
    '{"time":1,"name":"transport:packet_received","data":null}',
  ],
  time: [GOOD.replace('"time":0.00', '"time":null'), GOOD.replace('"time":0.00,', '')],
}

fault(
  {
    id: 'F-30',
    fault: 'non-JSON, null, [], number, {"__proto__":…}',
    expected: 'records_failed by reason = the exact count; prototype clean',
  },
  async (t) => {
    const scene = await makeScene(t, { imports: [REPORTER] })
    const records = Object.values(NOT_RECORDS).flat()
    await mix(scene, records)
    const failed = Object.fromEntries(
      Object.entries(NOT_RECORDS).map(([reason, { length }]) => [reason, length]),
    )
    const page = await untilExact(t, scene.exporter, scene.book, { failed })
    const { stderr } = await scene.exporter.running.stop()
    t.match(stderr, 'added to Object.prototype: []')
    return `${ofWritten(page, scene.book)}, ${records.length} failed, prototype clean`
  },
)

const DEPTH = 100_000
const nested = (open: string, close: string) => open.repeat(DEPTH) + close.repeat(DEPTH)

fault(
  {
    id: 'F-31',
    fault: `nesting depth ${DEPTH.toLocaleString('en')}`,
    expected: 'failed{too_deep} = the count, process alive, the rest exact',
  },
  async (t) => {
    const scene = await makeScene(t)
    const deep = [
      nested('[', ']'),
      nested('{"a":', '}').replace('}', '0}'),
      GOOD.replace('"frames":[', `"frames":${nested('[', ']')},"more":[`),
      GOOD.replace('"time"', `"odd":${nested('[', ']')},"time"`),
    ]
    await mix(scene, deep)
    const header = scene.open('header.sqlog', { header: false })
    header.write(`\x1e${deep[0]}\n`)
    header.begin()
    header.append(1)
    const failed = { too_deep: deep.length + 1 }
    const page = await untilExact(t, scene.exporter, scene.book, { failed })
    t.ok(scene.exporter.running.isRunning())
    return `${ofWritten(page, scene.book)}, too_deep ${failed.too_deep}`
  },
)

/** Values that cannot be meant, and one so large that writers mean "no limit" by it: as if absent. */
const BAD = ['1e400', '-1e400', '-1', '"NaN"', '"Infinity"', '{}']
const NO_LIMIT = `${2n ** 60n}`
const TIMES = ['smoothed_rtt', 'min_rtt', 'latest_rtt', 'rtt_variance']
const SIZES = ['congestion_window', 'bytes_in_flight']

fault(
  {
    id: 'F-32',
    fault: '1e400, -1, NaN texts, 2^60 as RTT and bytes',
    expected: 'rejected by field, sums stay finite, counters never fall',
  },
  async (t) => {
    const scene = await makeScene(t)
    const { book, exporter } = scene
    const packets = [...BAD, NO_LIMIT].map((value) =>
      GOOD.replace(/"length":\d+/, `"length":${value}`),
    )
    const metrics = [...TIMES, ...SIZES].flatMap((field) =>
      [...BAD, NO_LIMIT].map(
        (value) => `{"time":1,"name":"recovery:metrics_updated","data":{"${field}":${value}}}`,
      ),
    )
    const pages = [await exporter.scrape()]
    const mixed = mix(scene, [...packets, ...metrics], 3000)
    while (pages.length < 4) pages.push(await exporter.pageAfter(pages.at(-1) as Page))
    await mixed
    book.packets += packets.length
    const rejectedValues = BAD.length * (1 + TIMES.length + SIZES.length) + TIMES.length
    const page = await untilExact(t, exporter, book, { rejectedValues })
    pages.push(page)
    for (const page of pages) t.notMatch(page.text, /^quic_.* (-.*|NaN|[+-]Inf|.*e\+?\d{2,})$/m)
    t.same(fallen(pages), [], 'no counter ever falls')
    return `${ofWritten(page, book)}, ${rejectedValues} values rejected, all sums finite`
  },
)

/** Samples of counters and histograms that are less than on a page before. */
function fallen(pages: readonly Page[]): string[] {
  const last = new Map<string, number>()
  const less: string[] = []
  for (const { text } of pages) {
    const rising = new Set(
      [...text.matchAll(/^# TYPE (\S+) (?:counter|histogram)$/gm)].map(([, name]) => name),
    )
    for (const [, series = '', name = '', value] of text.matchAll(/^((quic_\w+)\S*) (\S+)$/gm)) {
      if (!rising.has(name) && !rising.has(name.replace(/_(bucket|sum|count)$/, ''))) continue
      if (Number(value) < (last.get(series) ?? 0)) less.push(series)
      last.set(series, Number(value))
    }
  }
  return less
}

fault(
  {
    id: 'F-35',
    fault: 'JSON-SEQ: RS without LF in mid-file',
    expected: 'failed{truncated} = 1, the next record applied',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    log.append(RECORDS / 2)
    log.write(packet(0).slice(0, 90))
    log.append(RECORDS / 2)
    const page = await untilExact(t, exporter, book, { failed: { truncated: 1 } })
    return `${ofWritten(page, book)}, truncated 1`
  },
)

// Recordings of which single figures are known from elsewhere: the relay, a proxy's own counters, a clock.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fixtures, logFixtures } from '../test/support/fixtures.ts'
import { tableOf } from './accuracy-tables.ts'
import { argumentsOf, replayPage } from './snap/goldens.ts'

const FIXTURES = join(import.meta.dirname, '..', 'test', 'fixtures')

/** One figure that is known without the exporter. */
export interface KnownFigure {
  /** `<dialect>/<case>`. */
  readonly recording: string
  /** `name{label=value,…}`: the sum of the series that have these labels. */
  readonly series: string
  readonly replay: number | undefined
  readonly truth: number
  /** Who says so. */
  readonly from: string
}

/** The figures of test/fixtures/KNOWN.tsv, and what `replay` says of each. */
export async function measureKnown(): Promise<KnownFigure[]> {
  const lines = (await readFile(join(FIXTURES, 'KNOWN.tsv'), 'utf8')).trimEnd().split('\n')
  const all = new Map([...fixtures(), ...logFixtures()].map((one) => [one.name, one]))
  const pages = new Map<string, string>()
  const figures: KnownFigure[] = []
  for (const line of lines.slice(1)) {
    const [recording = '', series = '', truth = '', from = ''] = line.split('\t')
    const fixture = all.get(recording)
    if (fixture === undefined) throw new Error(`KNOWN.tsv: there is no recording ${recording}`)
    const page = pages.get(recording) ?? (await replayPage(...argumentsOf(fixture)))
    pages.set(recording, page)
    figures.push({ recording, series, replay: sumOf(page, series), truth: Number(truth), from })
  }
  return figures
}

/** The section of docs/accuracy.md. */
export function knownSection(figures: readonly KnownFigure[]): string {
  const wrong = figures.filter(({ replay, truth }) => replay !== truth).length
  const rows = figures.map(({ recording, series, replay, truth, from }) => [
    recording,
    `\`${series}\``,
    replay === truth ? truth : `${replay ?? 'absent'} ≠ ${truth}`,
    from,
  ])
  return `## Other logs

Streams of other writers, request logs and error logs: ${figures.length} figures that are known without the
exporter (test/fixtures/KNOWN.tsv). **${wrong} differ.**

${tableOf(['recording', 'series', 'figure', 'known from'], rows)}
`
}

/** Sum of the series of a page that a selector names; undefined if there is none. */
function sumOf(page: string, selector: string): number | undefined {
  const [, name = '', inner = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(selector) ?? []
  const labels = inner.split(',').filter(Boolean)
  const values = page.split('\n').flatMap((line) => {
    const [, found, written = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    const pairs = written.split(',')
    const fits = labels.every((label) => pairs.includes(label.replace(/=(.*)$/, '="$1"')))
    return found === name && fits ? [Number(value)] : []
  })
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}

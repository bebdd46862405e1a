/** What the pictures of dashboards are asked for with, and made of: steps, variables, frames. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import t from 'tap'
import type { Variable } from '../scripts/dashboard-render/dashboard.ts'
import { duration, milliseconds, roundStep } from '../scripts/dashboard-render/queries/durations.ts'
import { framesOf } from '../scripts/dashboard-render/queries/frames.ts'
import { Prometheus } from '../scripts/dashboard-render/queries/prometheus.ts'
import {
  builtIn,
  type Chosen,
  chooseVariables,
  substitute,
  substituteShown,
} from '../scripts/dashboard-render/queries/variables.ts'

const RENDER = fileURLToPath(new URL('../scripts/dashboard-render/render.ts', import.meta.url))
const HOUR = { from: 1_800_000_000_000, to: 1_800_003_600_000 }

/** Nobody is there: what these variables are must not be asked of anybody. */
const NOBODY = new Prometheus('http://127.0.0.1:1')

function choose(variable: Variable, choices = {}): Promise<Chosen[]> {
  return chooseVariables(
    { uid: 'u', title: 'T', panels: [], templating: { list: [variable] } },
    NOBODY,
    HOUR,
    choices,
  )
}

const chosen = (name: string, inQuery: string, shown = inQuery): Chosen => ({
  ...{ name, label: name, inQuery, shown },
  isHidden: false,
})

t.test('a step is round, holds the points, and is never below the scrape interval', async (t) => {
  t.equal(roundStep(3_600_000, 784, 15_000), 15_000)
  t.equal(roundStep(3_600_000, 784, 1000), 5000)
  t.equal(roundStep(7 * 86_400_000, 784, 15_000), 900_000)
  fc.assert(
    fc.property(
      fc.integer({ min: 60_000, max: 4e9 }),
      fc.integer({ min: 50, max: 2000 }),
      (ms, n) => {
        const step = roundStep(ms, n, 1000)
        return step >= 1000 && milliseconds(duration(step)) === step && ms / step < 2 * n
      },
    ),
  )
  t.throws(() => milliseconds('soon'), { message: 'no duration: soon' })
})

t.test('the rate interval holds four scrapes, and overlaps the neighbouring step', async (t) => {
  const rate = (stepMs: number, scrapeMs: number) =>
    substitute('rate(x[$__rate_interval])', builtIn(HOUR, stepMs, scrapeMs))
  t.equal(rate(15_000, 15_000), 'rate(x[1m])')
  t.equal(rate(600_000, 15_000), 'rate(x[615s])')
  t.equal(rate(1000, 5000), 'rate(x[20s])')
  t.equal(substitute('increase(x[$__range])', builtIn(HOUR, 15_000, 15_000)), 'increase(x[3600s])')
})

t.test(
  'a name is replaced whole, in every way of writing it, and unknown ones are left',
  async (t) => {
    const values = [chosen('source', 'a'), chosen('sources', 'b', 'All')]
    t.equal(
      substitute(`$source $sources \${source} \${sources:regex} [[source]]`, values),
      'a b a b a',
    )
    t.equal(substitute(`$sourcery \${other} {{source}}`, values), `$sourcery \${other} {{source}}`)
    t.equal(substituteShown('Requests of $sources', values), 'Requests of All')
  },
)

t.test(
  'All is the wild card where there is one, else every value, each taken literally',
  async (t) => {
    const all = { includeAll: true, multi: true, current: { value: ['$__all'] } }
    const custom = { name: 'v', type: 'custom', query: 'a.b, c|d' } as const
    t.match(await choose({ ...custom, ...all, allValue: '.+' }), [{ inQuery: '.+', shown: 'All' }])
    t.match(await choose({ ...custom, ...all }), [{ inQuery: String.raw`(a\\.b|c\\|d)` }])
    t.match(await choose({ ...custom, multi: true }, { v: ['x', 'y'] }), [
      { inQuery: '(x|y)', shown: 'x + y' },
    ])
    t.match(await choose(custom), [{ inQuery: 'a.b' }], 'the first one if nothing is chosen')
  },
)

t.test(
  'a variable that is asked in a way not known here is an error, not an empty list',
  async (t) => {
    const odd = { name: 'v', type: 'query', query: 'metrics(.*)' }
    await t.rejects(choose(odd), { message: /only label_values\(\) is known here/ })
    await t.rejects(choose({ name: 'v', type: 'adhoc' }), { message: /adhoc is not known here/ })
  },
)

t.test('a heatmap has what lies in each bucket and not below it, sorted by number', async (t) => {
  const bucket = (le: string, ...values: number[]) => ({
    metric: { le },
    samples: values.map((value, index) => [index * 15, value] as const),
  })
  const series = [bucket('+Inf', 9, 9), bucket('10.0', 7, 8), bucket('2.0', 4), bucket('0.5', 1, 2)]
  const [frame, ...more] = framesOf(
    { refId: 'A', format: 'heatmap', legendFormat: '{{le}}' },
    series,
    15_000,
    false,
  )
  t.same(more, [])
  t.same(
    frame?.fields.map(({ name, values }) => [name, values]),
    [
      ['Time', [0, 15_000]],
      ['0.5', [1, 2]],
      ['2.0', [3, null]],
      ['10.0', [3, 8]],
      ['+Inf', [2, 1]],
    ],
  )
})

t.test('a table has a line for each series and an empty cell for a label it lacks', async (t) => {
  const series = [
    { metric: { backend: 'a' }, samples: [[60, 1] as const] },
    { metric: { backend: 'b', state: 'up' }, samples: [[60, 2] as const] },
  ]
  const columns = (several: boolean) =>
    framesOf({ refId: 'B', format: 'table' }, series, 1000, several)[0]?.fields.map(
      ({ name, values }) => [name, values],
    )
  t.same(columns(true), [
    ['Time', [60_000, 60_000]],
    ['backend', ['a', 'b']],
    ['state', ['', 'up']],
    ['Value #B', [1, 2]],
  ])
  t.equal(columns(false)?.at(-1)?.[0], 'Value')
})

t.test('a legend takes its labels; without one Grafana names the series itself', async (t) => {
  const series = [{ metric: { __name__: 'up', job: 'x' }, samples: [] }]
  const field = (legendFormat: string) =>
    framesOf({ refId: 'A', legendFormat }, series, 1000, false)[0]?.fields[1]
  t.equal(field('{{job}} of {{ job }}, {{none}}')?.config.displayNameFromDS, 'x of x, none')
  t.equal(field('__auto')?.config.displayNameFromDS, undefined)
  t.same(field('__auto')?.labels, { job: 'x' })
})

t.test(
  'a wrong command line is told, and what is missing to draw with is told loudly',
  async (t) => {
    const render = (args: readonly string[], env = {}) => {
      const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const
      return spawnSync(process.execPath, [RENDER, ...args], options)
    }
    t.match(render(['--help']), { status: 0, stdout: /^usage:/ })
    t.match(render(['--bright']), { status: 2, stderr: /'--bright'.*usage:/s })
    t.match(render(['--var', 'x']), { status: 2, stderr: /no NAME=VALUE: x/ })
    const nothing = { QUIC_PEERS: t.testdir() }
    t.match(render([], nothing), { status: 77, stdout: '', stderr: /NOT DRAWN: .*no Prometheus/ })
  },
)

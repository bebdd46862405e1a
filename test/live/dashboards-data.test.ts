/** Every expression of every dashboard, in a real Prometheus with an hour of what the real exporter read. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { NOT_REPORTED } from '../../dashboards/src/query.ts'
import { openStand } from '../../scripts/dashboards/stand.ts'
import { exporterFamilies, familyOf, knownFamilies } from '../support/dashboard-catalogue.ts'
import { committedDashboards, panelsOf, variableQuery } from '../support/dashboard-files.ts'
import { silenceOf, UNUSED, WELL } from '../support/dashboard-known-silence.ts'
import { parseQuery, selectorsIn, sumsOverSources, unknownIn } from '../support/dashboard-syntax.ts'
import { stepSeconds, substitute } from '../support/dashboard-variables.ts'
import { skipWithout } from './peers.ts'

const ROOT = join(import.meta.dirname, '../..')
const skip = skipWithout('caddy', 'openssl', 'prometheus', 'promtool')
const MOST_SERIES = 100
const MOST_MS = 2000

const dashboards = committedDashboards()
const questions = Object.entries(dashboards).flatMap(([file, dashboard]) =>
  panelsOf(dashboard).flatMap(({ title, targets = [] }) =>
    targets.map(({ expr = '', legendFormat = '', instant = false }) => ({
      name: `${file.replace('.json', '')} / ${title} / ${legendFormat}`,
      ...{ expr, instant, says: legendFormat.endsWith(NOT_REPORTED) },
    })),
  ),
)
/** Everything that is chosen, the sources left out. */
const CHOSEN = { job: '.+', instance: '.+', backend: '.+', source: '.+', log: '.+', baseline: '7d' }

t.test('the dashboards in a real Prometheus', { skip, timeout: 240_000 }, async (t) => {
  const ruleFiles = globSync('alerts/*.rules.yml', { cwd: ROOT }).map((file) => join(ROOT, file))
  const stand = await openStand({ ruleFiles })
  t.teardown(stand.stop)
  const view = { ...stand, maxDataPoints: 600 }
  const prometheus = new Asked(stand.prometheusUrl, stand.fromMs, stand.toMs, stepSeconds(view))
  const parse = (expr: string) => parseQuery(stand.prometheusUrl, substitute(expr, view, CHOSEN))

  t.test('every expression is one, of metrics and labels that there are', async (t) => {
    const families = knownFamilies()
    const used = new Set<string>()
    for (const { name, expr } of questions) {
      const tree = await parse(expr)
      t.same([...unknownIn(tree, families), ...sumsOverSources(tree, families)], [], name)
      for (const { name: metric = '' } of selectorsIn(tree)) {
        used.add(familyOf(metric, families)?.[0] ?? metric)
      }
    }
    const all = Object.keys(exporterFamilies())
    const unused = all.filter((family) => !used.has(family))
    t.same(unused.sort(), Object.keys(UNUSED).sort(), 'all other families have a panel')
  })

  t.test('what nobody has is noticed', async (t) => {
    const families = knownFamilies()
    for (const [expr, complaint] of WRONG) {
      const tree = await parse(expr)
      const found = [...unknownIn(tree, families), ...sumsOverSources(tree, families)]
      t.match(found.join(), complaint, expr)
    }
    await t.rejects(parse('sum(rate(quic_pto_total[5m]) offset 7d)'), /offset/)
  })

  t.test('variables find something to choose from', async (t) => {
    for (const [file, { templating, annotations }] of Object.entries(dashboards)) {
      for (const variable of templating?.list.filter(({ type }) => type === 'query') ?? []) {
        const query = variableQuery(variable)
        const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? []
        t.same(unknownIn(await parse(selector), knownFamilies()), [], `${file}: ${variable.name}`)
        const values = await prometheus.labelValues(label, substitute(selector, view, CHOSEN))
        t.not(values.length, 0, `${file}: ${variable.name}`)
      }
      for (const { expr = '' } of annotations?.list ?? []) {
        t.same(unknownIn(await parse(expr), knownFamilies()), [], `${file}: annotation`)
      }
    }
  })

  t.test('every question is answered, with numbers, soon', async (t) => {
    const sources = await prometheus.labelValues('source', 'quic_connection_migrations_total')
    const logs = await prometheus.labelValues('source', 'quic_lb_requests_total')
    const silent: string[] = []
    const untrue: string[] = []
    const tooMuch: string[] = []
    for (const { name, expr, instant, says } of questions) {
      let numbers = 0
      for (const chosen of choices(expr, sources, logs)) {
        const asked = substitute(expr, view, chosen)
        const { series, tookMs, remarks } = await prometheus.ask(asked, instant)
        if (series.length > MOST_SERIES || tookMs > MOST_MS || remarks.length > 0) {
          tooMuch.push(`${name}: ${series.length} series, ${tookMs} ms, ${remarks} ${asked}`)
        }
        numbers += series.filter(({ values }) => values.some(Number.isFinite)).length
        if (says) untrue.push(...(await prometheus.contradictions(asked, series)))
      }
      if (numbers === 0 && !says) silent.push(name)
    }
    t.same(tooMuch, [], 'nothing is slow, a wall of series, or doubtful to Prometheus')
    t.same(untrue, [], 'what is said not to be reported has no series')
    const reasonOf = (name: string) => silenceOf(name, ruleFiles.length > 0)
    const unexplained = silent.filter((name) => reasonOf(name) === undefined)
    t.same(unexplained, [], 'all questions get numbers but those with a reason')
    const explained = questions.filter(
      ({ name, says }) => !says && (reasonOf(name) ?? WELL) !== WELL,
    )
    const speaking = explained.filter(({ name }) => !silent.includes(name))
    t.same(speaking, [], 'no reason is out of date')
  })
  t.end()
})

/** Expressions with mistakes, and what is said of them. */
const WRONG: readonly (readonly [string, RegExp])[] = [
  ['quic_no_such_thing{job="a"}', /no metric quic_no_such_thing/],
  ['rate(quic_rtt_seconds[5m])', /no metric quic_rtt_seconds/],
  ['quic_connections_active{backend="a"}', /no label backend/],
  ['quic_lb_requests_total{source="a", code="500"}', /code is never 500/],
  ['quic_lb_requests_total{source="a", code=~"4xx|500"}', /code is never 500/],
  [
    'sum by (backend) (quic_connections_active{source="a"})',
    /no series below has the label backend/,
  ],
  ['sum(quic_connections_active)', /of all sources is summed up/],
  ['sum by (protocol) (rate(quic_lb_requests_total[5m]))', /of all sources is summed up/],
  ['sum without (source) (quic_connections_active)', /of all sources is summed up/],
]

function choices(expr: string, sources: readonly string[], logs: readonly string[]) {
  if (expr.includes('$source')) return sources.map((source) => ({ ...CHOSEN, source }))
  if (expr.includes('$log')) return logs.map((log) => ({ ...CHOSEN, log }))
  return [CHOSEN]
}

interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly values: readonly number[]
}

/** A Prometheus that is asked as Grafana asks it. */
class Asked {
  readonly #url: string
  readonly #to: number
  readonly #range: string

  constructor(url: string, fromMs: number, toMs: number, step: number) {
    this.#url = url
    this.#to = toMs / 1000
    this.#range = `start=${fromMs / 1000}&end=${this.#to}&step=${step}`
  }

  async ask(expr: string, instant: boolean) {
    const when = instant ? `query?time=${this.#to}` : `query_range?${this.#range}`
    const begun = performance.now()
    const {
      data,
      error,
      warnings = [],
      infos = [],
    } = await this.#get<{ result: Sample[] }>(`${when}&query=${encodeURIComponent(expr)}`)
    const tookMs = Math.round(performance.now() - begun)
    const series = (data?.result ?? []).map(({ metric, value, values = [] }): Series => {
      const samples = value === undefined ? values : [value]
      return { labels: metric, values: samples.map(([, text]) => Number(text)) }
    })
    const remarks = [...warnings, ...infos, ...(error === undefined ? [] : [error])]
    return { series, tookMs, remarks }
  }

  async labelValues(label: string, selector: string): Promise<string[]> {
    const match = encodeURIComponent(selector)
    const { data } = await this.#get<string[]>(`label/${label}/values?match[]=${match}`)
    return data ?? []
  }

  /** Series, at the end, of what an answer says that its source does not report. */
  async contradictions(asked: string, answer: readonly Series[]): Promise<string[]> {
    const signals = /signal=~?"([^"]+)"/.exec(asked)?.[1]?.split('|') ?? []
    const found: string[] = []
    for (const { labels } of answer) {
      for (const signal of labels.signal === undefined ? signals : [labels.signal]) {
        const names = `__name__=~"${signal}(_bucket)?"`
        const source = labels.source?.startsWith('every') ? '.+' : labels.source
        const { series } = await this.ask(`count({${names}, source=~"${source}"})`, true)
        if (series.length > 0) found.push(`${signal} of ${labels.source}`)
      }
    }
    return found
  }

  async #get<T>(path: string): Promise<Answer<T>> {
    return (await (await fetch(`${this.#url}/api/v1/${path}`)).json()) as Answer<T>
  }
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly values?: readonly (readonly [number, string])[]
}

interface Answer<T> {
  readonly data?: T
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

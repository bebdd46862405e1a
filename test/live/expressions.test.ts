/** Every rule, panel and documented query as Prometheus parses it: of series that there are, joined so that they meet. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { documentedExpressions, readAlerts, readRecordings } from '../support/alert-files.ts'
import { type Family, knownFamilies } from '../support/dashboard-catalogue.ts'
import { committedDashboards, panelsOf } from '../support/dashboard-files.ts'
import { parseQuery, sumsOverSources, unknownIn } from '../support/dashboard-syntax.ts'
import { substitute } from '../support/dashboard-variables.ts'
import { joinProblems, type Known, labelsOfAnswer } from '../support/expression-labels.ts'
import { blocksOf } from '../support/markdown.ts'
import { skipWithout } from './peers.ts'
import { startPrometheus } from './prometheus.ts'

const PROJECT = join(import.meta.dirname, '../..')
const skip = skipWithout('prometheus')
/** Of Prometheus itself, and of a node exporter. */
const OTHERS = { up: gauge(), node_netstat_Udp_RcvbufErrors: gauge() }
const VIEW = { fromMs: 0, toMs: 3_600_000, scrapeIntervalS: 5, maxDataPoints: 600 }
const CHOSEN = { job: '.+', instance: '.+', backend: '.+', source: '.+', log: '.+', baseline: '7d' }

function gauge(...labels: readonly string[]): Family {
  return { type: 'gauge', labels: Object.fromEntries(labels.map((label) => [label, undefined])) }
}

t.test('expressions', { skip }, async (t) => {
  // Nobody answers there: only its parser is asked.
  const { url } = await startPrometheus(t, '127.0.0.1:1')
  const parse = (expr: string) => parseQuery(url, expr)
  const recorded = new Map<string, ReadonlySet<string>>()
  const families: Record<string, Family> = { ...knownFamilies(), ...OTHERS }
  const known: Known = { families, recorded }
  const problems = async (expr: string) => {
    const tree = await parse(expr)
    const sums = sumsOverSources(tree, families)
    return [...unknownIn(tree, families), ...sums, ...joinProblems(tree, known)]
  }

  // In their order: a rule may rest on the ones before it.
  for (const { record, expr, labels = {} } of readRecordings()) {
    const tree = await parse(expr)
    t.same([...unknownIn(tree, families), ...joinProblems(tree, known)], [], record)
    const has = new Set([...(labelsOfAnswer(tree, known) ?? []), ...Object.keys(labels)])
    recorded.set(record, new Set([...(recorded.get(record) ?? []), ...has]))
    families[record] ??= gauge(...has)
  }

  t.test('recorded series have the labels that their level says', async (t) => {
    const levels = {
      source: ['job', 'instance', 'source'],
      backend: ['job', 'instance', 'backend'],
    }
    for (const [record, labels] of recorded) {
      const [level = ''] = record.split(':')
      const wanted = { ...levels, job: ['job', 'source'] }[level] ?? []
      const isTerm = record.endsWith(':term')
      t.same([...labels].sort(), [...wanted, ...(isTerm ? ['term'] : [])].sort(), record)
    }
  })

  t.test('alerts', async (t) => {
    for (const { alert, expr } of readAlerts()) t.same(await problems(expr), [], alert)
  })

  t.test('panels', async (t) => {
    for (const [file, dashboard] of Object.entries(committedDashboards())) {
      for (const { title, targets = [] } of panelsOf(dashboard)) {
        for (const { expr = '' } of targets) {
          const found = joinProblems(await parse(substitute(expr, VIEW, CHOSEN)), known)
          t.same(found, [], `${file}: ${title}: ${expr}`)
        }
      }
    }
  })

  t.test('documents', async (t) => {
    const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: PROJECT })]
    const asked = pages
      .filter((page) => page !== 'docs/alerts.md')
      .flatMap((page) => blocksOf(readFileSync(join(PROJECT, page), 'utf8')))
      .filter(({ language }) => language === 'promql')
      .map(({ text }) => text)
    t.ok(asked.length > 15, `${asked.length} queries`)
    for (const expr of [...asked, ...documentedExpressions()]) {
      t.same(await problems(expr), [], expr)
    }
  })

  t.test('what is never true is noticed', async (t) => {
    for (const [expr, complaint] of WRONG) t.match((await problems(expr)).join(), complaint, expr)
  })
  t.end()
})

/** Expressions that Prometheus takes, and what is wrong with them. */
const WRONG: readonly (readonly [string, RegExp])[] = [
  ['quic_connections_active and quic_handshakes_failed_total', /and: only one side has .* reason/],
  ['source:quic_packet_loss:ratio_rate5m > on (backend) quic_lb_backend_up', />: .* backend/],
  ['(quic_lb_backend_up or quic_lb_backend_probes_failed_total) > 0', /or: .* reason/],
  [
    'quic_exporter_series > 0.8 * quic_exporter_limit{resource="series"}',
    />: only one side has the label resource/,
  ],
  [
    'sum without (trigger) (rate(quic_packets_lost_total[5m])) / rate(quic_packets_sent_total[5m])',
    /\/: .* packet_type/,
  ],
  ['source:quic_packet_loss:ratio_rate5m{backend="a"}', /has no label backend/],
]

/** The clocks by which dashboards are tried: pages of the past, and what Grafana puts in place of its intervals. */
import t from 'tap'
import { openMetrics } from '../scripts/dashboards/stand/history.ts'
import { stepSeconds, substitute } from './support/dashboard-variables.ts'

const PAGES = [
  { atMs: 1_000_000, text: '# HELP a b\na_total{x="1 2"} 1\nend_timestamp_seconds 999.5\n' },
  { atMs: 1_000_100, text: 'a_total{x="1 2"} 2\nend_timestamp_seconds 1000.09\n' },
]

t.test('a page of the past has its numbers, at its time', (t) => {
  const text = [...openMetrics(PAGES, (index) => 500_000 + index * 15_000)].join('')
  t.equal(
    text,
    [
      'a_total{x="1 2"} 1 500.000',
      // As long before the first page as it was.
      'end_timestamp_seconds 499.5 500.000',
      'a_total{x="1 2"} 2 515.000',
      // As old as it was on its page.
      'end_timestamp_seconds 514.99 515.000',
      '# EOF',
      '',
    ].join('\n'),
  )
  t.end()
})

t.test('what happened before the hour keeps its place, what never happened stays 0', (t) => {
  const text =
    'process_start_time_seconds 990\nnever_timestamp_seconds 0\nx_expiry_timestamp_seconds 7\n'
  const pages = [0, 100].map((laterMs) => ({ atMs: 1_000_000 + laterMs, text }))
  const lines = [...openMetrics(pages, (index) => 500_000 + index * 15_000)].join('').split('\n')
  t.same(lines.slice(0, 6), [
    'process_start_time_seconds 490 500.000',
    'never_timestamp_seconds 0 500.000',
    'x_expiry_timestamp_seconds 7 500.000',
    'process_start_time_seconds 490 515.000',
    'never_timestamp_seconds 0 515.000',
    'x_expiry_timestamp_seconds 7 515.000',
  ])
  t.end()
})

t.test('intervals are those of Grafana', (t) => {
  const hour = { fromMs: 0, toMs: 3_600_000, scrapeIntervalS: 15, maxDataPoints: 600 }
  const of = (view: typeof hour) =>
    substitute('[$__rate_interval] [$__range] [$__interval]', view, {})
  t.equal(of(hour), '[60s] [3600s] [15s]', 'four scrapes at least')
  const week = { ...hour, toMs: 7 * 86_400_000 }
  t.equal(stepSeconds(week), 1008)
  t.equal(of(week), '[1023s] [604800s] [1008s]', 'a step and a scrape')
  t.equal(substitute('a{b=~"$b"} @ end()', hour, { b: '.+' }), 'a{b=~".+"} @ end()')
  t.throws(() => substitute('$nobody', hour, {}), /no variable/)
  t.end()
})

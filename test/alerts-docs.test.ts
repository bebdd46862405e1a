import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { projectFile, readAlerts, readRecordings } from './support/alert-files.ts'

const alerts = readAlerts()
const names = [...new Set(alerts.map(({ alert }) => alert))].sort()
const document = projectFile('docs/alerts.md')

t.test('every alert has a section, and every section an alert', async (t) => {
  const sections = [...document.matchAll(/^#{2,3} ((?:Quic\w+|Watchdog))$/gm)].map(
    ([, name]) => name,
  )
  t.same(sections.sort(), names)
  for (const part of document
    .split(/^#{2,3} /m)
    .filter((one) => /^(Quic\w+|Watchdog)\n/.test(one))) {
    const name = part.split('\n')[0]
    for (const say of ['**Means:**', '**First look:**', '**Do:**', '**No problem if**']) {
      t.ok(part.includes(say), `${name} says ${say}`)
    }
  }
})

t.test('links within the document lead somewhere', async (t) => {
  const anchors = [...document.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
  for (const [, anchor] of document.matchAll(/\]\(#([^)]+)\)/g))
    t.ok(anchors.includes(anchor ?? ''), `#${anchor}`)
})

t.test('every alert says what it is, how much, where to read on and where to look', async (t) => {
  for (const { alert, labels, annotations } of alerts) {
    t.match(labels.severity, /^(critical|warning|info|none)$/, alert)
    t.same(
      Object.keys(annotations).sort(),
      ['dashboard_url', 'description', 'runbook_url', 'summary'],
      alert,
    )
    // The watchdog's is 1, always.
    if (alert !== 'Watchdog')
      t.match(annotations.description, /\$value/, `${alert} tells its value`)
    t.equal(annotations.runbook_url, `docs/alerts.md#${alert.toLowerCase()}`)
    t.match(annotations.dashboard_url, /^http:\/\/localhost:3000\/d\/quic-lb-[a-z]+$/)
  }
})

t.test('every link is changed by the command that the document gives', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'quic-lb-alerts-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  cpSync(join(import.meta.dirname, '../alerts'), join(directory, 'alerts'), { recursive: true })
  const command = /```sh\n(sed [\s\S]*?)```/.exec(document)?.[1] ?? ''
  t.equal(spawnSync('sh', ['-c', command], { cwd: directory }).status, 0)
  const changed = readFileSync(join(directory, 'alerts/quic.rules.yml'), 'utf8')
  const urls = [...changed.matchAll(/(?:runbook|dashboard)_url: (\S+)/g)].map(
    ([, url]) => url ?? '',
  )
  t.equal(urls.length, 2 * (alerts.length - 3), 'four alerts share their annotations')
  t.same(
    urls.filter((url) => !/^https:\/\/(git|grafana)\.example\.org\//.test(url)),
    [],
  )
})

t.test('rules use metrics that exist, and recording rules that exist', async (t) => {
  const families = [...projectFile('docs/metrics.md').matchAll(/^### `(\w+)`$/gm)].map(
    ([, name]) => name,
  )
  const records = readRecordings()
  const known = new Set([...families, ...records.map(({ record }) => record)])
  t.ok(families.length > 80, 'the reference lists families')
  for (const { expr } of [...alerts, ...records]) {
    for (const [name] of expr.matchAll(/\b(?:(?:source|job|backend):)?quic_[\w:]+/g)) {
      const family = name.replace(/_(bucket|sum|count)$/, '')
      t.ok(known.has(name) || known.has(family), name)
    }
  }
})

t.test('Alertmanager is told of alerts that exist', async (t) => {
  const { inhibit_rules: rules, receivers } = parse(projectFile('alerts/alertmanager.yml')) as {
    inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[]
    receivers: { name: string }[]
  }
  t.same(
    receivers.map(({ name }) => name),
    ['operator', 'watchdog', 'nobody'],
  )
  for (const { source_matchers: sources, target_matchers: targets } of rules) {
    for (const matcher of [...sources, ...targets]) {
      const value = /^alertname (?:=~?|!~) "(.+)"$/.exec(matcher)?.[1]
      if (value === undefined) continue
      const pattern = new RegExp(`^(?:${value})$`)
      for (const one of value.includes('(') ? [value] : value.split('|')) {
        t.ok(
          names.some((name) => new RegExp(`^(?:${one})$`).test(name)),
          `${one} is an alert`,
        )
      }
      t.ok(
        names.some((name) => pattern.test(name)),
        matcher,
      )
    }
  }
})

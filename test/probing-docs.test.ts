/** The examples of docs/probes.md are what the exporter takes. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { loadConfig } from '../exporter/config/load.ts'
import { PROBE_RUNGS } from '../exporter/config/probe-schema.ts'
import { readTargetsFile } from '../exporter/config/targets-file.ts'
import { MetricStore } from '../exporter/metrics/store.ts'
import { QUIC_RUNGS } from '../exporter/probers/quic/ladder.ts'
import { Probing } from '../exporter/probing/probing.ts'
import { probingConfig } from './support/probing.ts'

const page = readFileSync(new URL('../docs/probes.md', import.meta.url), 'utf8')
const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

function blocks(language: string): readonly string[] {
  return [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, block = '']) => block,
  )
}

t.test('every configuration is good, alone or with what was said before', async (t) => {
  const [moodle = '', ...others] = blocks('yaml').filter(
    (block) => !block.includes('scrape_configs'),
  )
  t.equal(others.length, 3)
  for (const block of ['', ...others]) {
    const text = `${moodle}${block}`
    const { errors } = loadConfig({ file: 'a.yml', flags: {}, env: {}, readFile: () => text })
    t.equal(errors, undefined, block.slice(0, 40))
  }
})

t.test('the file of targets is good', async (t) => {
  const [json = ''] = blocks('json')
  const [text = ''] = blocks('yaml')
  const { config } = loadConfig({ file: 'a.yml', flags: {}, env: {}, readFile: () => text })
  const { targets } = readTargetsFile(json, 'a.json', config?.modules ?? [])
  t.same(
    targets?.map(({ name }) => name),
    ['moodle-3', '10.0.1.1:80', '10.0.1.2:80', '10.0.1.3:5432'],
  )
})

t.test('every metric that is named is there', async (t) => {
  const store = new MetricStore()
  new Probing(probingConfig({ targets: [{ name: 'f', address: '127.0.0.1:9' }] }), {
    store,
    log: SILENT,
  })
  const known = new Set(store.families.map(({ spec }) => spec.name))
  const elsewhere = new Set(['quic_lb_backend_reported_up', 'quic_exporter_label_overflow_total'])
  const named = [...page.matchAll(/\bquic_(?:lb|probe|probes|exporter)_[a-z_]+\b/g)]
  t.ok(named.length > 10)
  for (const [name] of named) t.ok(known.has(name) || elsewhere.has(name), name)
})

t.test('the settings know the rungs of the ladder', async (t) => {
  t.same(PROBE_RUNGS, QUIC_RUNGS)
})

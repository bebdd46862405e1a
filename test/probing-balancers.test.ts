/** Several balancers that name backends, beside files and the configuration: who wins, and what the page says of the others. */
import { join } from 'node:path'
import t from 'tap'
import { type Page, total } from './support/page.ts'
import { probingConfig, startProbing } from './support/probing.ts'
import { until } from './support/until.ts'

const DISCOVERED = 'quic_exporter_discovered_backends'
const NEVER = { intervalMs: 3_600_000 }

t.test('a name at two addresses is the first source’s, whoever was heard first', async (t) => {
  const config = probingConfig({ sources: [source('one'), source('two')] }, NEVER)
  const upstreams = {
    one: [
      { name: 'app/b1', address: '127.0.0.1:1' },
      { name: 'app/b2', address: '127.0.0.1:2' },
    ],
    two: [
      { name: 'app/b1', address: '127.0.0.1:3' },
      { name: 'app/b2', address: '127.0.0.1:2' },
    ],
  }
  for (const order of [['one', 'two'] as const, ['two', 'one'] as const]) {
    const { probing, store, page } = startProbing(t, config)
    for (const name of order) probing.discovered(name, store.owner(name), upstreams[name])
    t.equal(probing.summary.backends, 2)
    const notes: string[] = []
    const ask = { target: 'app/b1', module: undefined, budgetMs: 5000 }
    await probing.ask({ ...ask, note: (line) => notes.push(line) })
    t.match(notes.join('\n'), /127\.0\.0\.1:1\b/, 'it is the one of the first source')
    t.same(counted(await page(), 'one'), { probed: 2, duplicate: 0, name: 0, address: 0 })
    t.same(counted(await page(), 'two'), { probed: 1, duplicate: 1, name: 0, address: 0 })

    probing.forget('one')
    t.equal(probing.summary.backends, 2)
    t.same(counted(await page(), 'two'), { probed: 2, duplicate: 0, name: 0, address: 0 })
  }
})

t.test('what is not probed for the balancer’s sake is not counted as such', async (t) => {
  const text = JSON.stringify([
    { targets: ['127.0.0.1:4'], labels: { backend: 'filed' } },
    { targets: ['127.0.0.1:5'], labels: { backend: 'both' } },
  ])
  const file = join(t.testdir({ 'targets.json': text }), 'targets.json')
  const config = probingConfig(
    {
      sources: [source('six', { discover_module: 'six' })],
      backends: [
        { name: 'configured', aliases: ['app/b1'], probe: 'tcp://127.0.0.1:6' },
        { name: 'both', aliases: ['app/b2'] },
      ],
      targets: [{ name: 'front', address: '127.0.0.1:9' }],
      modules: [{ name: 'six', address_family: 'ipv6' }],
      probes: { targets_files: [file] },
    },
    NEVER,
  )
  const { probing, store, lines, page } = startProbing(t, config)
  await until('the file', () => probing.summary.backends === 3, { withinMs: 10_000 })
  probing.discovered('six', store.owner('six'), [
    { name: 'app/b1', address: '[::1]:6' },
    { name: 'app/b2', address: '[::1]:5' },
    { name: 'filed', address: '[::1]:4' },
    { name: 'front', address: '[::1]:3' },
    { name: 'four', address: '127.0.0.1:2' },
    { name: 'six', address: '[::1]:1' },
  ])
  t.equal(probing.summary.backends, 4)
  t.same(counted(await page(), 'six'), { probed: 1, duplicate: 0, name: 1, address: 1 })
  t.equal(lines.filter((line) => line.includes('not as it should be')).length, 0)
})

function source(name: string, more: object = {}) {
  const url = `unix:/nowhere/${name}`
  return { name, url, dialect: 'haproxy-stats', discover: true, ...more }
}

function counted(page: Page, name: string) {
  const refused = (reason: string) => total(page, `${DISCOVERED}_refused`, { source: name, reason })
  return {
    probed: total(page, DISCOVERED, { source: name }),
    duplicate: refused('duplicate'),
    name: refused('name'),
    address: refused('address'),
  }
}

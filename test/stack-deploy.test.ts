/** The pages on how to stand beside a proxy: what is to be copied is as hardened as our own stack. */
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { mountsOf, readCompose } from './support/compose-file.ts'
import { blocksOf } from './support/markdown.ts'

const folder = new URL('../docs/deploy/', import.meta.url)
const PROXIES = ['caddy', 'haproxy', 'nginx']

t.test('a page for each proxy', async (t) => {
  t.same(
    readdirSync(folder).sort(),
    PROXIES.map((name) => `${name}.md`),
  )
})

for (const name of PROXIES) {
  const blocks = blocksOf(readFileSync(new URL(`${name}.md`, folder), 'utf8'))
  const texts = blocks.map(({ text }) => text)

  t.test(`${name}: the fragment adds a mount to the proxy and one hardened exporter`, async (t) => {
    const fragments = texts.filter((text) => text.startsWith('services:'))
    t.equal(fragments.length, 1)
    const { services, volumes } = readCompose(fragments[0] ?? '')
    t.same(Object.keys(services).sort(), [name, 'quic-lb-exporter'].sort())
    const exporter = services['quic-lb-exporter']
    t.match(exporter, {
      image: 'quic-lb-exporter:local',
      command: ['--config.file=/etc/quic-lb-exporter.yml'],
      user: '1000:1000',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      restart: 'unless-stopped',
      ports: ['127.0.0.1:19114:19114'],
    })
    const ours = mountsOf(exporter ?? {})
    const shared = mountsOf(services[name] ?? {}).map(({ from }) => from)
    t.same(shared, ['/srv/quic-lb'], 'what the proxy shares')
    t.ok(
      ours.some(({ from }) => from === '/srv/quic-lb'),
      'is what the exporter sees',
    )
    const state = ours.find(({ to }) => to === '/var/lib/quic-lb-exporter')
    t.ok(state && state.from in (volumes ?? {}), 'the state outlives the container')
    const config = ours.find(({ to }) => to === '/etc/quic-lb-exporter.yml')
    t.match(config, { from: './quic-lb-exporter.yml', mode: 'ro' })
  })

  t.test(`${name}: every log that is read is one that the proxy is told to write`, async (t) => {
    const config = texts.find((text) => /^sources:/m.test(text)) ?? ''
    const paths = [...config.matchAll(/(?:paths: \[|url: unix:)(\/[^\]\n]+)/g)].map(
      ([, path]) => path,
    )
    t.ok(paths.length >= 2)
    const told = texts.filter((text) => text !== config).join('\n')
    for (const path of paths) t.match(told, new RegExp(`${path}\\b`), `${path}`)
  })

  t.test(`${name}: Moodle is asked by the name of its site, and only 200 will do`, async (t) => {
    const { backends, modules } = parse(texts.find((text) => /^sources:/m.test(text)) ?? '')
    t.match(modules, [{ name: 'moodle', host: 'moodle.example.org', expect_status: ['200'] }])
    t.equal(backends.length, 2)
    for (const { probe, module } of backends) t.equal(module, 'moodle', probe)
  })
}

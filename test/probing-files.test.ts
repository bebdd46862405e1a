/** Files that name backends: what they say, what is wrong with them, and what happens when they change. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { readTargetsFile } from '../exporter/config/targets-file.ts'
import { LOOK_EVERY_MS } from '../exporter/probing/targets-files.ts'
import { FakeClock } from './support/fake-clock.ts'
import { allSeries, total } from './support/page.ts'
import { probingConfig, startProbing } from './support/probing.ts'
import { until } from './support/until.ts'

const { modules: MODULES } = probingConfig({
  sources: [],
  backends: [{ name: 'b', probe: 'tcp://127.0.0.1:9' }],
  modules: [
    { name: 'm', method: 'HEAD' },
    { name: 'v4', address_family: 'ipv4' },
  ],
})
const ERRORS = 'quic_exporter_targets_file_errors_total'
const UNUSABLE = 'quic_exporter_targets_files_unusable'

t.test('targets are URLs or places, names are labels or places', async (t) => {
  const text = `
- targets: ['http://10.0.0.1:8080/health?deep=1']
  labels: { backend: moodle-1, module: m, env: prod }
- targets: [10.0.0.2:80, 'tcp://10.0.0.3:3306', 'https://moodle.example']
- targets: ['[2001:db8::1]:80']
  labels: { backend: v6 }
- targets: []
`
  t.same(readTargetsFile(text, 'a.yml', MODULES), {
    targets: [
      {
        name: 'moodle-1',
        url: { scheme: 'http', host: '10.0.0.1', port: 8080, path: '/health?deep=1' },
        module: 'm',
      },
      place('10.0.0.2:80', 'http', '10.0.0.2', 80),
      place('10.0.0.3:3306', 'tcp', '10.0.0.3', 3306),
      place('moodle.example:443', 'https', 'moodle.example', 443),
      place('v6', 'http', '2001:db8::1', 80),
    ],
  })
  t.same(readTargetsFile('[]', 'a.json', []), { targets: [] })

  function place(name: string, scheme: string, host: string, port: number) {
    return { name, url: { scheme, host, port, path: '/' }, module: 'default' }
  }
})

t.test('mistakes are told with their place, in both forms', async (t) => {
  const yaml = `
- targets: 10.0.0.1:80
- targets: [10.0.0.1, 5, 'http://user:secret@10.0.0.1/']
- targets: [10.0.0.1:80, 10.0.0.2:80]
  labels: { backend: two }
- targets: [10.0.0.3:80]
  labels: { module: mm }
- targets: [10.0.0.4:80]
  labels: { backend: 'a b' }
- targets: [10.0.0.5:80, 10.0.0.5:80]
- nothing
- targets: ['tcp://10.0.0.6:3306', '10.0.0.6:80']
  labels: { module: m }
`
  const { errors } = readTargetsFile(yaml, 'a.yml', MODULES)
  t.same(errors, [
    'a.yml:2:12 [0].targets: must be a list of targets, not "10.0.0.1:80"',
    'a.yml:3:13 [1].targets[0]: must be http://HOST/PATH, https://HOST/PATH, tcp://HOST:PORT or tls://HOST:PORT, or HOST:PORT, not "10.0.0.1"',
    'a.yml:3:23 [1].targets[1]: must be a URL or HOST:PORT, not 5',
    'a.yml:3:26 [1].targets[2]: must not hold a user name or password',
    'a.yml:5:22 [2].labels.backend: names one backend, and there are 2 targets',
    'a.yml:7:21 [3].labels.module: there is no module "mm": did you mean m?',
    'a.yml:9:22 [4].labels.backend: must be 1 to 60 letters, digits, _ . : and -, but not "other" alone, not "a b"',
    'a.yml:10:26 [5].targets[1]: "10.0.0.5:80" is already the name of [5].targets[0]',
    'a.yml:11:3 [6].targets: must be a list of targets, not empty',
    'a.yml:13:21 [7].labels.module: module "m" does not fit "tcp://10.0.0.6:3306"',
  ])
  const v4 = "[{ targets: ['[::1]:80', '10.0.0.7:80', 'v6.example:80'], labels: { module: v4 } }]"
  t.same(readTargetsFile(v4, 'a.yml', MODULES).errors, [
    'a.yml:1:77 [0].labels.module: module "v4" does not fit "[::1]:80"',
  ])
  const json = '[\n\t{ "targets": ["10.0.0.1:80"], "labels": { "backend": "" } }\n]\n'
  t.match(readTargetsFile(json, 'a.json', []).errors, [/^a.json:2:55 \[0\].labels.backend: /])
  t.match(readTargetsFile('[{', 'a.json', []).errors, [/^a.json:\d+:\d+ is not valid JSON$/])
  t.match(readTargetsFile('', 'a.yml', []).errors, [/^a.yml:1:1 must be a list.*empty$/])
  t.match(readTargetsFile('{}', 'a.json', []).errors, [/^a.json:1:1 must be a list/])
})

t.test('whatever a file holds, it is read or refused with a place', async (t) => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '- ',
      'targets',
      ': ',
      '[',
      ']',
      '{',
      '}',
      ',',
      '"a:1"',
      '\n',
      'labels',
      '&a',
      '*a',
    ),
  )
  const texts = fc.array(piece, { maxLength: 30 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(texts, fc.constantFrom('a.json', 'a.yml'), (text, file) => {
      const { targets, errors } = readTargetsFile(text, file, [])
      if (targets !== undefined) return true
      return errors.length > 0 && errors.every((error) => /^a\.(json|yml):\d+:\d+ \S/.test(error))
    }),
    { numRuns: 1000 },
  )
  t.pass()
})

const group = (...names: readonly string[]) =>
  JSON.stringify(
    names.map((backend) => ({ targets: ['http://127.0.0.1:9/'], labels: { backend } })),
  )

t.test('a file that changes is followed, one that is bad changes nothing', async (t) => {
  const directory = t.testdir({})
  const file = join(directory, 'targets.json')
  const clock = new FakeClock()
  const written = { probes: { targets_files: [file] }, modules: [{ name: 'page', method: 'HEAD' }] }
  const config = probingConfig(written, { intervalMs: 3_600_000_000 })
  const { page, lines } = startProbing(t, config, { clock })
  const backends = async () =>
    [...allSeries(await page())]
      .filter((series) => series.startsWith('quic_lb_backend_probes_total'))
      .map((series) => /backend=([^,}]*)/.exec(series)?.[1])
      .sort()
      .join(' ')
  /** Looks again until it is so: reading a file takes as long as it takes. */
  const untilBackends = (wanted: string) =>
    until(
      `backends ${wanted}`,
      async () => {
        await clock.pass(LOOK_EVERY_MS)
        return (await backends()) === wanted
      },
      { withinMs: 10_000 },
    )
  const errors = async () => total(await page(), ERRORS) ?? 0
  /** Until the last thing told is this, counted; a file that is just being replaced may be told of before. */
  const untilTold = (what: RegExp, before: number) =>
    until(
      `${what}`,
      async () => {
        await clock.pass(LOOK_EVERY_MS)
        return what.test(lines.at(-1) ?? '') && (await errors()) > before
      },
      { withinMs: 10_000 },
    )
  await untilTold(/cannot be used.*no such file/, 0)

  writeFileSync(file, group('a', 'b'))
  await untilBackends('a b')
  t.match(lines.at(-1), /a file of targets is good again/)
  t.equal(total(await page(), UNUSABLE), 0)

  // As an editor does, and as a rename does.
  writeFileSync(join(directory, 'next'), group('b', 'c'))
  renameSync(join(directory, 'next'), file)
  await untilBackends('b c')

  let before = await errors()
  writeFileSync(file, '[{"targets": ["no port"]}]')
  await untilTold(/targets\.json:1:15 \[0\]\.targets\[0\]: must be/, before)
  t.equal(await backends(), 'b c', 'the last good one stays')
  before = await errors()
  writeFileSync(file, '[{"targets": ["tcp://127.0.0.1:9"], "labels": {"module": "page"}}]')
  await untilTold(/module .*page.* does not fit .*tcp:/, before)
  t.equal(await backends(), 'b c', 'nor is who has a module that does not fit taken out')
  const { length } = lines
  const counted = await errors()
  for (let i = 0; i < 5; i += 1) await clock.pass(LOOK_EVERY_MS)
  t.equal(lines.length, length, 'it is told once')
  t.equal(await errors(), counted, 'and counted once')
  t.equal(total(await page(), UNUSABLE), 1, 'and shown for as long as it is so')

  writeFileSync(file, group('c'))
  await untilBackends('c')
  before = await errors()
  unlinkSync(file)
  await untilTold(/no such file/, before)
  t.equal(await backends(), 'c', 'who deletes a file may be writing a new one')
  writeFileSync(file, group('c', 'd'))
  await untilBackends('c d')

  // As Kubernetes mounts a ConfigMap: the link above the file is another one.
  for (const [version, names] of [
    ['v1', ['e']],
    ['v2', ['f']],
  ] as const) {
    mkdirSync(join(directory, version))
    writeFileSync(join(directory, version, 'targets.json'), group(...names))
  }
  rmSync(file)
  symlinkSync('v1', join(directory, 'data'))
  symlinkSync('data/targets.json', file)
  await untilBackends('e')
  symlinkSync('v2', join(directory, 'data-next'))
  renameSync(join(directory, 'data-next'), join(directory, 'data'))
  await untilBackends('f')

  before = await errors()
  rmSync(file)
  execFileSync('mkfifo', [file])
  await untilTold(/errors="?is no file/, before)
  rmSync(file)

  before = await errors()
  writeFileSync(file, 'x'.repeat((4 << 20) + 1))
  await untilTold(/longer than 4194304 bytes/, before)
})

t.test('what is named twice is probed as the first says, and that is told', async (t) => {
  const directory = t.testdir({
    'one.json': group('a', 'configured', 'front'),
    'two.json': group('a', 'b'),
  })
  const files = ['one.json', 'two.json'].map((name) => join(directory, name))
  const config = probingConfig(
    {
      backends: [{ name: 'configured', probe: 'tcp://127.0.0.1:9' }, { name: 'b' }],
      targets: [{ name: 'front', address: '127.0.0.1:9' }],
      probes: { targets_files: files },
    },
    { intervalMs: 3_600_000 },
  )
  const { probing, page, lines } = startProbing(t, config)
  await until('the files', () => probing.summary.backends === 3, { withinMs: 10_000 })
  const reasons = (await page()).get('quic_lb_backend_probes_failed_total')?.samples ?? []
  const of = (name: string) => reasons.filter(({ labels }) => labels.backend === name).length
  t.equal(of('configured'), 3, 'as the configuration says, TCP')
  t.equal(of('a'), 5)
  t.equal(of('b'), 5, 'a configured name that says nothing of probes')
  t.equal(of('front'), 0)
  const told = lines.filter((line) => line.includes('probing is not as it should be')).join('')
  t.match(told, /configured: it is probed already/)
  t.match(told, /front: a front door has that name/)
  t.match(told, /why="a: it is probed already"/)
})

t.test('a reload keeps what the files said until they are read again', async (t) => {
  const file = join(t.testdir({ 'targets.json': group('a') }), 'targets.json')
  const config = (rise: number) =>
    probingConfig({ probes: { targets_files: [file], rise } }, { intervalMs: 3_600_000 })
  const { probing, page } = startProbing(t, config(2))
  await until('the file', () => probing.summary.backends === 1, { withinMs: 10_000 })
  probing.change(config(3))
  t.equal(probing.summary.backends, 1)
  t.equal(total(await page(), 'quic_lb_backend_probes_total', { backend: 'a' }), 0)
  unlinkSync(file)
  probing.change(config(2))
  const unusable = async () => total(await page(), UNUSABLE)
  await until('the file is missed', async () => (await unusable()) === 1, { withinMs: 10_000 })
  t.equal(probing.summary.backends, 1)
  probing.change(probingConfig({ targets: [{ name: 'f', address: '127.0.0.1:9' }] }))
  t.equal(probing.summary.backends, 0, 'a file that is named no more names nothing')
  t.equal(await unusable(), 0, 'nor is it missed')
})

import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { isMap, isSeq, parseDocument } from 'yaml'
import { type ConfigRequest, loadConfig } from '../exporter/config/load.ts'
import { TLS_KEYS } from '../exporter/config/module-schema.ts'
import { haveNameInCommon } from '../exporter/config/overlap.ts'
import { configSchema } from '../exporter/config/schema.ts'
import { settings } from '../exporter/config/settings.ts'
import { suggest } from '../exporter/config/suggest.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from '../exporter/config/units.ts'
import { nameMatcher } from '../exporter/tail/wildcard.ts'

const FIXTURES = new URL('fixtures/config/', import.meta.url)
const EXAMPLE = new URL('../config.example.yml', import.meta.url)

/** Loads the text of a file named config.yml, or no file at all. */
function load(text: string | undefined, request: Partial<ConfigRequest> = {}) {
  const file = text === undefined ? undefined : 'config.yml'
  return loadConfig({ file, flags: {}, env: {}, readFile: () => text ?? '', ...request })
}

t.test('a file with mistakes is refused with all of them, in order', async (t) => {
  const names = readdirSync(FIXTURES).filter((name) => name.startsWith('invalid-'))
  t.ok(names.length >= 25, 'the fixtures are there')
  for (const name of names) {
    const text = readFileSync(new URL(name, FIXTURES), 'utf8')
    const expected = [...text.matchAll(/^# expect (.*)$/gm)].map((match) => `${name}:${match[1]}`)
    t.not(expected.length, 0, `${name} says what it expects`)
    const { errors } = loadConfig({ file: name, flags: {}, env: {}, readFile: () => text })
    t.same(errors, expected, name)
  }
})

t.test('a file that cannot be read is an error, not an exception', async (t) => {
  for (const [code, meaning] of [
    ['ENOENT', 'no such file'],
    ['EACCES', 'permission denied'],
    ['EISDIR', 'it is a directory'],
    ['EIO', 'EIO'],
  ]) {
    const readFile = () => {
      throw Object.assign(new Error('a text that differs by system'), { code })
    }
    const { errors } = load('', { readFile })
    t.same(errors, [`config.yml: cannot be read: ${meaning}`])
  }
})

t.test('the example names every setting with its default', async (t) => {
  const text = readFileSync(EXAMPLE, 'utf8')
  const { config, errors } = load(text)
  t.equal(errors, undefined)
  t.same(
    config,
    configSchema.parse({
      sources: [{ name: 'caddy', paths: ['/var/log/qlog'] }],
      backends: [
        {
          name: 'moodle-1',
          aliases: ['10.0.0.11:8080', 'app/moodle-1'],
          probe: 'http://10.0.0.11:8080/admin/tool/heartbeat/',
          module: 'moodle',
          ...{ interval: '15s', timeout: '3s', rise: 2, fall: 3 },
        },
      ],
      modules: [{ name: 'moodle', host: 'moodle.example.org', expect_status: ['200'] }],
      targets: [
        {
          name: 'campus',
          address: 'moodle.example.org:443',
          server_name: 'moodle.example.org',
          ...{ interval: '15s', timeout: '3s' },
          compare: 'https://moodle.example.org/',
          compare_module: 'default',
        },
      ],
      storage: { path: '/var/lib/quic-lb-exporter' },
    }),
    'nothing but names, places, the status and the directory of the state differs from the defaults',
  )
  const root = parseDocument(text).contents
  const written = isMap(root)
    ? root.items.flatMap(({ key, value }) => {
        const section = isSeq(value) ? value.items[0] : value
        const prefix = isSeq(value) ? `${key}[]` : `${key}`
        return isMap(section) ? section.items.map((item) => `${prefix}.${item.key}`) : []
      })
    : []
  // Of no use with the dialect of the example, or with its probes.
  const others = [
    ...['url', 'poll_interval', 'fields', 'discover', 'discover_probe', 'discover_module'].map(
      (name) => `sources[].${name}`,
    ),
    ...['expect_body', ...TLS_KEYS].map((name) => `modules[].${name}`),
  ]
  t.same(
    written,
    settings.map(({ key }) => key).filter((key) => !others.includes(key)),
  )
})

t.test('a directory alone is a complete configuration', async (t) => {
  const { config } = load(undefined, { flags: { 'qlog-dir': ['/var/log/qlog', 'more'] } })
  const common = {
    recursive: false,
    include: ['*.sqlog', '*.qlog'],
    dialect: 'auto',
    vantage: 'server',
    startAt: 'end',
    sampleRatio: 1,
    retention: { action: 'keep', delayMs: 3_600_000, dryRun: false },
    fields: {},
    pollIntervalMs: 5000,
  }
  const probes = {
    ...{ intervalMs: 15_000, timeoutMs: 3000, rise: 2, fall: 3, maxConcurrent: 512 },
    targetsFiles: [],
  }
  t.strictSame(config, {
    sources: [
      { name: 'qlog', paths: ['/var/log/qlog'], ...common },
      { name: 'qlog-2', paths: ['more'], ...common },
    ],
    backends: [],
    modules: [],
    targets: [],
    probes,
    tail: {
      watch: true,
      sweepIntervalMs: 1000,
      rotateGraceMs: 5000,
      maxOpenFiles: 4096,
      maxRecordBytes: 1_048_576,
    },
    storage: { path: undefined, fsync: 'async' },
    startup: { maxCatchupMs: 60_000 },
    shutdown: { lingerMs: 0 },
    connections: { max: 200_000 },
    metrics: { maxSeries: 20_000 },
    web: {
      listen: [{ host: '', port: 19_114 }],
      telemetryPath: '/metrics',
      enableLifecycle: false,
    },
    log: { level: 'info', format: 'json' },
  })
})

t.test('nothing to read is said with the way out', async (t) => {
  t.same(load(undefined).errors, [
    'sources: nothing to read: give --qlog-dir PATH, or a file with sources (--config.file FILE)',
  ])
})

t.test('a section whose keys are all commented out is empty', async (t) => {
  const { config } = load('sources: [{ paths: [a] }]\ntail:\n#  watch: false\nlog:\n')
  t.match(config, { tail: { watch: true }, log: { level: 'info' } })
})

t.test('every way to write a listen address', async (t) => {
  const listen = [':0', 'localhost:80', '0.0.0.0:19114', '[::1]:65535', 'proxy_1.example:1']
  t.same(
    load(undefined, { flags: { 'qlog-dir': ['a'], 'web.listen-address': listen } }).config?.web
      .listen,
    [
      { host: '', port: 0 },
      { host: 'localhost', port: 80 },
      { host: '0.0.0.0', port: 19_114 },
      { host: '::1', port: 65_535 },
      { host: 'proxy_1.example', port: 1 },
    ],
  )
})

t.test('an alias stands for what it names', async (t) => {
  const { config } = load(
    'sources: [{ paths: &p [a], include: &i [x] }, { paths: [b], include: *i }]',
  )
  t.same(config?.sources[1]?.include, ['x'])
})

t.test('an endless nesting costs one page of errors', async (t) => {
  const { errors } = load('['.repeat(100_000))
  t.ok(errors !== undefined && errors.length > 0 && errors.length <= 51)
  t.match(errors?.[0], /^config.yml:1:\d+ .*nested/)
})

t.test('many mistakes are cut short', async (t) => {
  const keys = Array.from({ length: 80 }, (_, index) => `key${index}x: 1`)
  const { errors } = load(keys.join('\n'))
  t.equal(errors?.length, 51)
  t.equal(errors?.at(-1), '… and 31 more')
})

t.test('no text at all throws, and what loads keeps its promises', async (t) => {
  const piece = fc.constantFrom(
    ...['sources', 'paths', 'tail', 'web', 'listen', 'log', ': ', ':\n', '- ', '[', ']', '{', '}'],
    ...[
      '\n',
      '  ',
      ', ',
      '/a',
      '"',
      "'",
      '&a ',
      '*a',
      '!t ',
      '5',
      '1s',
      'true',
      '~',
      '#',
      '\t',
      '---\n',
    ],
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 40 }).map((list) => list.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const { config, errors } = load(text)
      if (errors === undefined) return config.sources.length > 0 || config.targets.length > 0
      return errors.length > 0 && errors.every((error) => /^config.yml:\d+:\d+ \S/.test(error))
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

t.test('what retention and the state are told', async (t) => {
  const { config, errors } = load(`
sources:
  - { paths: [/a], retention: gzip, retention_delay: 90d, retention_dry_run: true }
  - { paths: [/b, /a/state/b], retention: delete, retention_delay: 1s, include: ['*'] }
storage: { path: /a/state, fsync: never }
startup: { max_catchup: 0s }
shutdown: { linger: 20s }
web: { enable_lifecycle: true }
`)
  t.equal(errors, undefined)
  t.match(config, {
    sources: [
      { retention: { action: 'gzip', delayMs: 7_776_000_000, dryRun: true } },
      { retention: { action: 'delete', delayMs: 1000, dryRun: false } },
    ],
    storage: { path: '/a/state', fsync: 'never' },
    startup: { maxCatchupMs: 0 },
    shutdown: { lingerMs: 20_000 },
    web: { enableLifecycle: true },
  })
})

t.test('two patterns share a name exactly if there is one', async (t) => {
  const names = ['']
  for (const name of names) if (name.length < 8) names.push(`${name}a`, `${name}b`)
  const pattern = fc
    .array(fc.constantFrom('a', 'b', '*'), { maxLength: 4 })
    .map((characters) => characters.join(''))
  fc.assert(
    fc.property(pattern, pattern, (one, other) => {
      // Patterns of four characters that share a name share one of at most eight.
      const fitsOne = nameMatcher([one])
      const fitsOther = nameMatcher([other])
      const expected = names.some((name) => fitsOne(name) && fitsOther(name))
      return haveNameInCommon(one, other) === expected
    }),
    { numRuns: 1000 },
  )
  const worst = '*a'.repeat(127)
  t.notOk(
    haveNameInCommon(`${worst}b`, `${worst}c`),
    'and in time even if they are made to be hard',
  )
})

t.test('units mean what they say, both ways', async (t) => {
  t.strictSame(
    ['500ms', '10s', '5m', '1h', '90d', '0s'].map(parseDuration),
    [500, 10_000, 300_000, 3_600_000, 7_776_000_000, 0],
  )
  t.strictSame(['64KiB', '1MiB', '2GiB', '65536'].map(parseSize), [
    65_536,
    1_048_576,
    2 ** 31,
    65_536,
  ])
  for (const wrong of [
    '',
    '5',
    's',
    '-1s',
    '1.5s',
    '1 s',
    '1S',
    '1w',
    '1h30m',
    '１s',
    '999999999d',
  ]) {
    t.equal(parseDuration(wrong), undefined, wrong)
  }
  for (const wrong of ['', 'KiB', '1KB', '1kib', '-1', '1e6', '1.5MiB', '999999999999999GiB']) {
    t.equal(parseSize(wrong), undefined, wrong)
  }
  fc.assert(
    fc.property(fc.nat(2 ** 31 - 1), (value) => {
      const isDuration = value > 999_999_999 || parseDuration(formatDuration(value)) === value
      return isDuration && parseSize(formatSize(value)) === value
    }),
  )
  t.pass()
})

t.test('a suggestion is near or not made', async (t) => {
  const words = ['qlog-dir', 'web.listen-address', 'tail.watch', 'start-at']
  t.equal(suggest('qlog-dri', words), 'qlog-dir')
  t.equal(suggest('qlogdir', words), 'qlog-dir')
  t.equal(suggest('QLOG_DIR', words), 'qlog-dir')
  t.equal(suggest('listen-address', words), 'web.listen-address')
  t.equal(suggest('backends', words), undefined)
  t.equal(suggest('', words), undefined)
  t.equal(suggest('x'.repeat(1_000_000), words), undefined)
})

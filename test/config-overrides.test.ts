import t from 'tap'
import { type ConfigRequest, loadConfig } from '../exporter/config/load.ts'
import { settings } from '../exporter/config/settings.ts'

const FILE = `
sources:
  - { name: caddy, paths: [/a], start_at: beginning }
  - { name: edge, paths: [/b] }
tail: { sweep_interval: 2s, max_open_files: 100 }
web: { listen: ['localhost:1'] }
`

function load(request: Partial<ConfigRequest>) {
  return loadConfig({ file: 'config.yml', flags: {}, env: {}, readFile: () => FILE, ...request })
}

t.test(
  'a flag wins over a variable, a variable over the file, the file over the default',
  async (t) => {
    const env = { QUIC_LB_EXPORTER_TAIL_SWEEP_INTERVAL: '3s' }
    const flags = { 'tail.sweep-interval': '4s' }
    t.equal(
      load({ file: undefined, flags: { 'qlog-dir': ['a'] } }).config?.tail.sweepIntervalMs,
      1000,
    )
    t.equal(load({}).config?.tail.sweepIntervalMs, 2000)
    t.equal(load({ env }).config?.tail.sweepIntervalMs, 3000)
    t.equal(load({ env, flags }).config?.tail.sweepIntervalMs, 4000)
    t.equal(load({ env, flags }).config?.tail.maxOpenFiles, 100, 'other settings stay')
  },
)

/** Values of settings that are narrower than their type. */
const FITTING: Readonly<Record<string, string>> = {
  'web.listen-address': ':5',
  'sample-ratio': '0.5',
  'probes.rise': '7',
  'probes.fall': '7',
}

t.test('every flag and every variable reaches its setting', async (t) => {
  const words = {
    boolean: { false: 'true', true: 'false' },
    number: '123',
    duration: '7s',
    size: '8KiB',
  }
  for (const setting of settings) {
    const { flag, env, type, choices } = setting
    if (flag === undefined) continue
    const other = choices.find((word) => word !== setting.default)
    const text = type === 'text' ? (other ?? '/x') : words[type]
    const word = typeof text === 'string' ? text : text[setting.default === true ? 'true' : 'false']
    const value = FITTING[flag] ?? word
    // What one setting needs of others is there: retention needs a place for the state.
    const path = { QLOG_DIR: 'a', QUIC_LB_EXPORTER_STORAGE_PATH: '/state' }
    const include = flag === 'include' ? 'x*' : value
    const wanted = load({ file: undefined, env: path }).config
    const byFlag = load({
      file: undefined,
      env: path,
      flags: { [flag]: setting.list ? [include] : include },
    })
    t.equal(byFlag.errors, undefined, `--${flag} ${include}`)
    t.notSame(byFlag.config, wanted, `--${flag} changes something`)
    for (const name of env) {
      const byVariable = load({ file: undefined, env: { ...path, [name]: include } })
      t.same(byVariable.config, byFlag.config, name)
    }
  }
})

t.test('directories of the command line replace the sources of the file', async (t) => {
  const { config } = load({ flags: { 'qlog-dir': ['/c'] } })
  t.match(config?.sources, [{ name: 'qlog', paths: ['/c'], startAt: 'end' }])
  t.equal(config?.sources.length, 1)
  const byVariable = load({ env: { QLOG_DIR: '/c, /d', QUIC_LB_EXPORTER_QLOG_DIR: '' } })
  t.same(
    byVariable.config?.sources.map(({ paths }) => paths),
    [['/c'], ['/d']],
  )
  const both = load({ env: { QLOG_DIR: '/c', QUIC_LB_EXPORTER_QLOG_DIR: '/d' } })
  t.same(both.config?.sources[0]?.paths, ['/d'], 'the long name wins')
})

t.test('a flag for sources holds for each of them', async (t) => {
  const { config } = load({ flags: { 'start-at': 'end', recursive: true } })
  t.same(
    config?.sources.map(({ name, startAt, recursive }) => [name, startAt, recursive]),
    [
      ['caddy', 'end', true],
      ['edge', 'end', true],
    ],
  )
})

t.test('a list of flags replaces the list of the file', async (t) => {
  const { config } = load({ env: { QUIC_LB_EXPORTER_WEB_LISTEN_ADDRESS: ':2, localhost:3' } })
  t.same(config?.web.listen, [
    { host: '', port: 2 },
    { host: 'localhost', port: 3 },
  ])
})

t.test('a wrong flag or variable is named, once, beside the mistakes of the file', async (t) => {
  const { errors } = load({
    readFile: () => `${FILE}log: { level: loud }\n`,
    flags: { 'connections.max': 'many', vantage: 'sever', 'qlog-dir': ['/c', '/c/'] },
    env: { QUIC_LB_EXPORTER_TAIL_WATCH: 'maybe', QUIC_LB_EXPORTER_METRICS_MAX_SERIES: '-1' },
  })
  t.same(errors, [
    'config.yml:7:15 log.level: "loud" is unknown: it must be debug, info, warn or error',
    '--vantage: "sever" is unknown: did you mean server? It must be server or client',
    'QUIC_LB_EXPORTER_TAIL_WATCH: must be true or false, not "maybe"',
    '--connections.max: must be a whole number from 1 to 10000000, not "many"',
    'QUIC_LB_EXPORTER_METRICS_MAX_SERIES: must be a whole number from 100 to 1000000, not "-1"',
    '--qlog-dir: "/c/" is already a path of source "qlog"',
  ])
})

t.test('a mistake of the file is told even where a flag hides it', async (t) => {
  const readFile = () => 'tail: { sweep_interval: never }\nsources: []\n'
  const flags = { 'tail.sweep-interval': '1s', 'qlog-dir': ['/a'] }
  const { errors } = load({ readFile, flags })
  t.equal(errors?.length, 1, 'sources are not missing: they are on the command line')
  t.match(errors?.[0], /^config.yml:1:25 tail.sweep_interval: must be a duration/)
})

t.test('a flag can make two paths of the file overlap', async (t) => {
  const readFile = () => 'sources:\n  - paths: [/a]\n  - paths: [/a/b]\n'
  t.equal(load({ readFile }).errors, undefined)
  t.same(load({ readFile, flags: { recursive: true } }).errors, [
    'config.yml:3:13 sources[1].paths[0]: "/a/b" lies inside "/a" of source "qlog" and would count twice',
  ])
})

t.test('what a line of the file needs may come from outside', async (t) => {
  const readFile = () => 'sources:\n  - { paths: [/a], retention: delete }\n  - paths: [/b]\n'
  const reason = 'needs storage.path: a file goes only when a kept state covers it'
  t.same(load({ readFile }).errors, [`config.yml:2:31 sources[0].retention: "delete" ${reason}`])
  const flags = { 'storage.path': '/s' }
  t.equal(load({ readFile, flags }).errors, undefined, 'from a flag')
  const env = { QUIC_LB_EXPORTER_STORAGE_PATH: '/s' }
  t.equal(load({ readFile, env }).errors, undefined, 'from a variable')
  const kept = load({ readFile, flags: { retention: 'keep' } })
  t.equal(kept.errors, undefined, 'or is not needed any more')
  t.same(
    load({ readFile, flags: { retention: 'gzip' } }).errors,
    [`--retention: "gzip" ${reason}`],
    'once for all sources',
  )
  const broken = load({
    readFile: () => 'storage: [',
    flags: { 'qlog-dir': ['a'], retention: 'gzip' },
  })
  t.equal(broken.errors?.length, 1, 'a file that cannot be read may have held it')
  t.match(broken.errors?.[0], 'is not valid YAML')
})

t.test('flags for retention and the state hold for every source', async (t) => {
  const flags = {
    retention: 'gzip',
    'retention-delay': '2d',
    'retention-dry-run': true,
    'storage.path': '/s',
  }
  const { config } = load({ flags })
  const retention = { action: 'gzip', delayMs: 172_800_000, dryRun: true }
  t.same(
    config?.sources.map((source) => source.retention),
    [retention, retention],
  )
  t.same(load({ flags: { ...flags, include: ['*.log', '*'] } }).errors, [
    '--include: "*" also fits the NAME.gz that retention gzip leaves: it would be read again',
  ])
  for (const pattern of ['state', '*.tmp', '*.unusable']) {
    const inSource = { ...flags, 'storage.path': '/b', include: [pattern] }
    t.same(load({ flags: inSource }).errors, [
      '--storage.path: "/b" cannot be used: the state in it would be read as qlog by source "edge"',
    ])
  }
})

t.test('asked again with the same request, the file is read again', async (t) => {
  const request = {
    file: 'config.yml',
    flags: { 'tail.sweep-interval': '4s' },
    env: { QUIC_LB_EXPORTER_LOG_LEVEL: 'warn' },
  }
  const texts = [FILE, 'sources: [', 'sources: [{ paths: [/new] }]\n']
  const again = () => loadConfig({ ...request, readFile: () => texts.shift() ?? '' })
  const first = again()
  t.same(
    first.config?.sources.map(({ name }) => name),
    ['caddy', 'edge'],
  )
  t.equal(again().errors?.length, 1)
  t.match(again().config, {
    sources: [{ name: 'qlog', paths: ['/new'] }],
    tail: { sweepIntervalMs: 4000, maxOpenFiles: 4096 },
    log: { level: 'warn' },
  })
})

t.test('a broken file is reported with a wrong flag, without a guess at its sources', async (t) => {
  const { errors } = load({ readFile: () => 'sources: [', flags: { 'log.level': 'loud' } })
  t.equal(errors?.length, 2)
  t.match(errors?.[0], /^config.yml:1:11 is not valid YAML: /)
  t.match(errors?.[1], /^--log.level: "loud" is unknown: it must be debug/)
})

t.test(
  'variables that a container platform sets for a service of our name are ignored',
  async (t) => {
    const env = {
      QUIC_LB_EXPORTER_SERVICE_HOST: '10.0.0.1',
      QUIC_LB_EXPORTER_SERVICE_PORT: '19114',
      QUIC_LB_EXPORTER_PORT: 'tcp://10.0.0.1:19114',
      QUIC_LB_EXPORTER_PORT_19114_TCP_PROTO: 'tcp',
    }
    t.same(load({ env }), load({}))
  },
)

t.test('a path cannot be compared before one knows where it is', async (t) => {
  const paths = ['qlog', '/qlog', '..', '.']
  t.equal(load({ flags: { 'qlog-dir': paths } }).errors, undefined)
})

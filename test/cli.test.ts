import fc from 'fast-check'
import t from 'tap'
import { parseCommandLine } from '../exporter/cli.ts'
import { flags } from '../exporter/command-line/flags.ts'
import { loadConfig } from '../exporter/config/load.ts'
import { settings } from '../exporter/config/settings.ts'

function parse(line: string, env: Readonly<Record<string, string>> = {}) {
  return parseCommandLine(line === '' ? [] : line.split(' '), env)
}

function service(name: 'serve' | 'check-config', given: object, file?: string, env: object = {}) {
  return { command: name, file, flags: given, env }
}

t.test('serve is what runs without a sub-command', async (t) => {
  t.same(parse(''), service('serve', {}))
  t.same(parse('serve'), service('serve', {}))
  t.same(parse('--qlog-dir /a'), service('serve', { 'qlog-dir': ['/a'] }))
  t.same(parse('check-config --qlog-dir /a'), service('check-config', { 'qlog-dir': ['/a'] }))
})

t.test('flags keep their order, their form and their last word', async (t) => {
  t.same(
    parse(
      '--qlog-dir /a --qlog-dir=/b --recursive --no-tail.watch --log.level info --log.level warn',
    ),
    service('serve', {
      'qlog-dir': ['/a', '/b'],
      recursive: true,
      'tail.watch': false,
      'log.level': 'warn',
    }),
  )
  t.same(
    parse('--tail.watch=false --recursive=true --qlog-dir=-odd'),
    service('serve', { 'tail.watch': false, recursive: true, 'qlog-dir': ['-odd'] }),
  )
})

t.test('the file comes from its flag, else from its variable', async (t) => {
  const env = { QUIC_LB_EXPORTER_CONFIG_FILE: 'e.yml' }
  t.same(parse('--config.file f.yml', env), service('serve', {}, 'f.yml', env))
  t.same(parse('', env), service('serve', {}, 'e.yml', env))
  const empty = { QUIC_LB_EXPORTER_CONFIG_FILE: '' }
  t.same(parse('check-config', empty), service('check-config', {}, undefined, empty))
})

t.test('what serve is given loads as it is', async (t) => {
  const command = parse('--config.file f.yml --start-at beginning --sample-ratio 0.25')
  t.ok(command.command === 'serve')
  if (command.command !== 'serve') return
  const { config, errors } = loadConfig({ ...command, readFile: () => 'sources: [{ paths: [a] }]' })
  t.equal(errors, undefined)
  t.match(config?.sources, [{ paths: ['a'], startAt: 'beginning', sampleRatio: 0.25 }])
})

t.test('flags for restarts and retention load as they are', async (t) => {
  const command = parse(
    '--qlog-dir a --retention delete --retention-delay 7d --retention-dry-run ' +
      '--storage.path /s --storage.fsync always --startup.max-catchup 5s --shutdown.linger 20s ' +
      '--web.enable-lifecycle',
  )
  t.ok(command.command === 'serve')
  if (command.command !== 'serve') return
  const { config, errors } = loadConfig({ ...command, readFile: () => '' })
  t.equal(errors, undefined)
  t.match(config, {
    sources: [{ retention: { action: 'delete', delayMs: 604_800_000, dryRun: true } }],
    storage: { path: '/s', fsync: 'always' },
    startup: { maxCatchupMs: 5000 },
    shutdown: { lingerMs: 20_000 },
    web: { enableLifecycle: true },
  })
})

t.test('inspect and replay take paths, and what must be said of logs', async (t) => {
  const usual = { source: 'qlog', dialect: 'auto', file: undefined }
  t.same(parse('inspect a b'), { command: 'inspect', paths: ['a', 'b'], events: false, ...usual })
  t.same(parse('inspect --events a -- --odd'), {
    command: 'inspect',
    paths: ['a', '--odd'],
    events: true,
    ...usual,
  })
  const server = { command: 'replay', paths: ['a'], vantage: 'server', ...usual }
  t.same(parse('replay a'), server)
  t.same(parse('replay a --source caddy --vantage client b'), {
    ...server,
    paths: ['a', 'b'],
    source: 'caddy',
    vantage: 'client',
  })
  t.same(parse('replay --dialect haproxy --config.file c.yml a'), {
    ...server,
    dialect: 'haproxy',
    file: 'c.yml',
  })
})

t.test('help and version win over what else there is', async (t) => {
  t.same(parse('--version'), { command: 'version' })
  t.equal(parse('replay --help').command, 'help')
  t.equal(parse('-h').command, 'help')
  t.equal(parse('--version --help').command, 'help')
})

/** Settings that flags cannot give, since each belongs to one entry of a list. */
const IN_A_FILE_ONLY = [
  'sources[].name',
  'sources[].url',
  'sources[].poll_interval',
  'sources[].discover',
  'sources[].discover_probe',
  'sources[].discover_module',
  'sources[].fields',
  'probes.targets_files',
]

/** Sections of which all is: lists of things that have names. */
const LISTS = ['backends', 'modules', 'targets']

t.test('help names everything on one page', async (t) => {
  const help = parse('--help')
  t.ok(help.command === 'help')
  if (help.command !== 'help') return
  const lines = help.text.trimEnd().split('\n')
  t.ok(lines.length <= 80, `${lines.length} lines`)
  t.same(
    lines.filter((line) => line.length > 100),
    [],
    'no line is longer than 100 columns',
  )
  for (const { name } of flags) t.ok(help.text.includes(`  --${name}`), name)
  t.same(
    settings
      .filter(({ flag, section }) => flag === undefined && !LISTS.includes(section))
      .map(({ key }) => key),
    IN_A_FILE_ONLY,
    'every other setting has a flag',
  )
  const ofLists = settings.filter(({ section }) => LISTS.includes(section))
  t.ok(ofLists.every(({ flag }) => flag === undefined))
})

t.test('a line that makes no sense ends with 2 and a way on', async (t) => {
  const cases: Readonly<Record<string, string>> = {
    '--qlog-dri /a': 'unknown flag "--qlog-dri": did you mean --qlog-dir?',
    '--qlog-dri=/a': 'unknown flag "--qlog-dri": did you mean --qlog-dir?',
    '-config.file x': 'unknown flag "-config.file": did you mean --config.file?',
    '--listen-address :1': 'unknown flag "--listen-address": did you mean --web.listen-address?',
    '--tail_watch': 'unknown flag "--tail_watch": did you mean --tail.watch?',
    '--no-tail.wacth': 'unknown flag "--no-tail.wacth": did you mean --no-tail.watch?',
    '--no-qlog-dir': 'unknown flag "--no-qlog-dir": did you mean --qlog-dir?',
    '--__proto__=1': 'unknown flag "--__proto__"',
    '-x': 'unknown flag "-x"',
    '--qlog-dir': '--qlog-dir needs a value: PATH',
    '--qlog-dir=': '--qlog-dir needs a value: PATH',
    '--qlog-dir --recursive': '--qlog-dir needs a value: PATH',
    '--recursive=maybe': '--recursive takes no value other than true or false',
    '--no-recursive=true': '--recursive takes no value other than true or false',
    '--retention': '--retention needs a value: keep|delete|gzip',
    '--retention-dryrun': 'unknown flag "--retention-dryrun": did you mean --retention-dry-run?',
    '--storage-path /s': 'unknown flag "--storage-path": did you mean --storage.path?',
    'replay a --storage.path /s':
      '--storage.path does not belong to replay, but to serve, check-config',
    '--recursive true': 'serve takes no argument "true": a switch takes its value after "="',
    '--log.level debug replay': 'serve takes no argument "replay": a sub-command comes first',
    'check-config f.yml': 'check-config takes no argument "f.yml": did you mean --config.file?',
    'serve /a': 'serve takes no argument "/a": did you mean --qlog-dir?',
    '/var/log/qlog': 'unknown sub-command "/var/log/qlog": did you mean --qlog-dir?',
    serv: 'unknown sub-command "serv": did you mean serve?',
    frobnicate: 'unknown sub-command "frobnicate"',
    '--events': '--events does not belong to serve, but to inspect',
    'replay a --qlog-dir b': '--qlog-dir does not belong to replay, but to serve, check-config',
    'replay a --source X':
      '--source must be 1 to 40 characters of a-z, 0-9, underscore and hyphen, not "X"',
    'replay a --vantage clent':
      '--vantage must be server or client, not "clent": did you mean client?',
  }
  for (const [line, message] of Object.entries(cases)) {
    t.same(
      parse(line),
      {
        command: 'error',
        text: `quic-lb-exporter: ${message}\nTry quic-lb-exporter --help.\n`,
        exitCode: 2,
      },
      line,
    )
  }
})

t.test('inspect and replay without a path show how they are called', async (t) => {
  for (const name of ['inspect', 'replay']) {
    const result = parse(`${name} --`)
    t.match(result, { command: 'error', exitCode: 2 })
    t.match(result, { text: /needs at least one PATH\n\nUsage:/ })
  }
})

t.test('no arguments throw', async (t) => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'serve',
      'replay',
      'inspect',
      '--',
      '-',
      '--=',
      '--help=x',
      '--events',
      '/a',
      '=',
      '--no-',
    ),
    fc.constantFrom(...flags.map(({ name }) => `--${name}`)),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
      const result = parseCommandLine(argv, {})
      return result.command !== 'error' || result.text.startsWith('quic-lb-exporter: ')
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

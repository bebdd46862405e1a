import fc from 'fast-check'
import t from 'tap'
import { createLogger, type LogFormat, type LogLevel } from '../exporter/logging.ts'

const NOON = Date.UTC(2026, 0, 2, 12)

const capture = (format: LogFormat, level: LogLevel = 'debug') => {
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  return { lines, log: createLogger({ level, format, stream, now: () => NOON }) }
}

t.test('a line in both formats', async (t) => {
  const json = capture('json')
  json.log.info('source added', { source: 'edge', files: 3, recursive: true, since: null })
  t.same(JSON.parse(json.lines.join('')), {
    level: 'info',
    time: '2026-01-02T12:00:00.000Z',
    msg: 'source added',
    source: 'edge',
    files: 3,
    recursive: true,
    since: null,
  })

  const logfmt = capture('logfmt')
  logfmt.log.warn('source added', { source: 'edge', path: '/var/log/q log', empty: '', n: 9n })
  t.equal(
    logfmt.lines.join(''),
    'time=2026-01-02T12:00:00.000Z level=warn msg="source added" source=edge path="/var/log/q log" empty="" n=9\n',
  )
})

t.test('the connection id in the name of a file is written at level debug only', async (t) => {
  const path = '/var/log/qlog/2e0908d79fdbe6cc572385ea9925b99a7ad8_server.sqlog'
  const error = new Error(`EACCES: permission denied, open '${path}'`)
  const masked = '/var/log/qlog/…_server.sqlog'
  for (const format of ['json', 'logfmt'] as const) {
    const usual = capture(format, 'info')
    usual.log.warn(`not read: ${path}`, { path, error, list: [path], line: 'deadbeef 12345678' })
    const line = usual.lines.join('')
    t.notMatch(line, /2e0908d7|99a7ad8/)
    t.equal(line.split(masked).length, 5, 'in every place')
    t.match(line, 'deadbeef 12345678', 'what is shorter stays')
    const debug = capture(format, 'debug')
    debug.log.warn('not read', { path })
    t.match(debug.lines.join(''), path)
  }
})

t.test('only lines of the level and above are written', async (t) => {
  const { lines, log } = capture('logfmt', 'warn')
  log.debug('a')
  log.info('b')
  log.warn('c')
  log.error('d')
  t.same(
    lines.map((line) => line.slice(line.indexOf('level='))),
    ['level=warn msg=c\n', 'level=error msg=d\n'],
  )
})

t.test('a close reason with CRLF and a forged line stays in one line', async (t) => {
  const forged = 'bye\r\ntime=2026-01-02T12:00:01Z level=error msg="all backends down"'
  const logfmt = capture('logfmt')
  logfmt.log.info('closed', { reason: forged })
  t.equal(
    logfmt.lines.join(''),
    'time=2026-01-02T12:00:00.000Z level=info msg=closed reason="bye\\r\\ntime=2026-01-02T12:00:01Z level=error msg=\\"all backends down\\""\n',
  )

  const json = capture('json')
  json.log.info('closed', { reason: forged })
  t.equal(json.lines.join('').split('\n').length, 2)
  t.equal(JSON.parse(json.lines.join('')).reason, forged)
})

t.test('terminal commands, direction marks and Unicode line ends are escaped', async (t) => {
  const { lines, log } = capture('logfmt')
  log.info('m', { name: '\u001b[2J\u009b0m\u202egnp\u2028\u007f' })
  t.match(lines.join(''), 'name="\\u001b[2J\\u009b0m\\u202egnp\\u2028\\u007f"\n')
})

t.test('a value is cut after 256 characters, and not inside a surrogate pair', async (t) => {
  const { lines, log } = capture('json')
  log.info('x'.repeat(300), { long: 'y'.repeat(1e6), fits: 'z'.repeat(256) })
  log.info('pair', { value: `${'y'.repeat(254)}😀😀` })
  const [first = '', second = ''] = lines
  t.equal(JSON.parse(first).msg, `${'x'.repeat(255)}…`)
  t.equal(JSON.parse(first).long, `${'y'.repeat(255)}…`)
  t.equal(JSON.parse(first).fits, 'z'.repeat(256))
  t.equal(JSON.parse(second).value, `${'y'.repeat(254)}…`)
})

t.test('an error is its message and the place it was thrown at', async (t) => {
  const { lines, log } = capture('json')
  log.error('failed', { error: new RangeError('too\nmuch'), other: { code: 'EACCES' }, nan: NaN })
  const line = JSON.parse(lines.join(''))
  t.equal(line.error, 'RangeError: too\nmuch')
  t.match(line.error_at, /logging\.test\.ts:\d+/)
  t.equal(line.other, "{ code: 'EACCES' }")
  t.equal(line.nan, 'NaN')
})

t.test('any fields give exactly one printable line that can be read back', async (t) => {
  const unsafe = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ minLength: 1, unit: 'binary' }).map((key) => `k${key}`),
        fc.string({ unit: 'binary', maxLength: 256 }).filter((text) => text.length <= 256),
      ),
      fc.string({ unit: 'binary' }),
      (fields, message) => {
        const json = capture('json')
        const logfmt = capture('logfmt')
        json.log.info(message, fields)
        logfmt.log.info(message, fields)
        const texts = [...json.lines, ...logfmt.lines]
        const { time, level, msg, ...rest } = JSON.parse(texts[0] ?? '')
        return (
          texts.length === 2 &&
          texts.every((text) => text.endsWith('\n') && !unsafe.test(text.slice(0, -1))) &&
          Object.entries(fields).every(([key, value]) => rest[key] === value)
        )
      },
    ),
  )
  t.pass()
})

/** Records that nobody should write: counted by the right reason, never applied, never fatal. */
import t from 'tap'
import { dialects } from '../qlog-parsers/index.ts'
import { allSeries, nonZero, type Page, total } from './support/page.ts'
import { fileOf, headerOf, read, type Written } from './support/trace.ts'

const GOOD = {
  aioquic: 'transport:packet_received',
  'quic-go': 'transport:packet_received',
  'quic-go-legacy': 'transport:packet_received',
  quiche: 'quic:packet_received',
  'quiche-legacy': 'transport:packet_received',
  ngtcp2: 'transport:packet_received',
  'nginx-qlog': 'transport:packet_received',
  openssl: 'transport:packet_received',
  generic: 'quic:packet_received',
} as Readonly<Record<string, string>>

/** A good record of a dialect; text, so that numbers can be written that JSON.stringify would not. */
const good = (dialect: string, { time = '1', length = '30', extra = '' } = {}) =>
  `{"time":${time},"name":"${GOOD[dialect]}","data":{"header":{"packet_type":"1RTT"},"raw":{"length":${length}}${extra}}}`

/** What became of records between two good ones behind a header. */
async function fate(dialect: string, ...records: Written[]): Promise<string> {
  const page = await read([fileOf(headerOf(dialect), good(dialect), ...records, good(dialect))])
  const failed = nonZero(page, 'quic_exporter_records_failed_total') ?? {}
  const unknown = total(page, 'quic_exporter_events_unknown_total') as number
  const events = total(page, 'quic_exporter_events_total') as number
  const failures = Object.values(failed).reduce((sum, count) => sum + count, 0)
  const all = total(page, 'quic_exporter_records_total')
  if (all !== records.length + 3) return `${all} records were counted`
  if (all !== 1 + events + unknown + failures) return `one of ${all} records was counted otherwise`
  const reasons = Object.entries(failed).map(([reason, count]) => `${count} ${reason}`)
  const bad = total(page, 'quic_exporter_values_rejected_total') as number
  const rest = [
    ...reasons,
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
    ...(events > 2 ? [`${events - 2} applied`] : []),
    ...(bad > 0 ? [`${bad} bad values`] : []),
  ]
  return rest.join(', ')
}

/** Every value on the page is a number that can be, and no label says what a record said. */
function isSound(page: Page): string {
  for (const { samples } of page.values()) {
    for (const { value, line } of samples) {
      if (!(value >= 0 && Number.isFinite(value))) return line
    }
  }
  return ''
}

const utf8 = (...bytes: number[]) =>
  Buffer.concat([
    Buffer.from('{"time":1,"name":"transport:packet_received","data":{"header":{"dcid":"'),
    Buffer.from(bytes),
    Buffer.from('"}}}'),
  ])
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

const RECORDS: readonly (readonly [what: string, record: Written, expected: string])[] = [
  ['no JSON', 'GET / HTTP/1.1', '1 json'],
  ['half a record', '{"time":1,"name":"transport:pack', '1 json'],
  ['two records on one line', `${good('quic-go')}${good('quic-go')}`, '1 json'],
  ['a trailing comma', '{"time":1,"name":"x","data":{},}', '1 json'],
  ['a comment', '{"time":1,"name":"x"/* */}', '1 json'],
  ['a control character', '{"time":1,"name":"a\u0001b"}', '1 json'],
  ['NUL inside', '{"time":1,\0"name":"x"}', '1 json'],
  ['null', 'null', '1 json'],
  ['a list', '[]', '1 json'],
  ['a number', '17', '1 json'],
  ['a text', '"transport:packet_sent"', '1 json'],
  ['NaN', '{"time":NaN,"name":"x"}', '1 json'],
  ['an empty object', '{}', '1 schema'],
  ['a prototype', '{"__proto__":{"name":"x","time":1}}', '1 schema'],
  [
    'a prototype as data',
    '{"time":1,"name":"transport:packet_sent","data":{"__proto__":{"header":{}}}}',
    '1 schema',
  ],
  ['a name that is a number', '{"time":1,"name":7,"data":{}}', '1 schema'],
  ['no data', '{"time":1,"name":"transport:packet_sent"}', '1 schema'],
  ['data that is null', '{"time":1,"name":"transport:packet_sent","data":null}', '1 schema'],
  ['data that is a list', '{"time":1,"name":"transport:packet_sent","data":[]}', '1 schema'],
  ['a packet without a header', '{"time":1,"name":"transport:packet_sent","data":{}}', '1 schema'],
  ['loss of nothing', '{"time":1,"name":"recovery:packet_lost","data":{}}', '1 schema'],
  ['an MTU of nothing', '{"time":1,"name":"recovery:mtu_updated","data":{}}', '1 schema'],
  ['no state', '{"time":1,"name":"recovery:congestion_state_updated","data":{}}', '1 schema'],
  ['metrics of nothing', '{"time":1,"name":"recovery:metrics_updated","data":{}}', '1 applied'],
  ['parameters of nobody', '{"time":1,"name":"transport:parameters_set","data":{}}', '1 applied'],
  [
    'a drop without a reason',
    '{"time":1,"name":"transport:packet_dropped","data":{}}',
    '1 applied',
  ],
  ['an unknown event', '{"time":1,"name":"transport:teleported","data":{"a":1}}', '1 unknown'],
  ['an event of no namespace', '{"time":1,"name":"packet_sent","data":{"header":{}}}', '1 unknown'],
  ['an empty name', '{"time":1,"name":"","data":{}}', '1 unknown'],
  ...['constructor', '__proto__', 'toString', 'transport:constructor', 'transport:__proto__'].map(
    (name) =>
      [`event ${name}`, `{"time":1,"name":"${name}","data":{"header":{}}}`, '1 unknown'] as const,
  ),
  ['a header once more', headerOf('quic-go'), '1 schema'],
  ['a header of another dialect', headerOf('ngtcp2'), '1 schema'],
  ['no time', '{"name":"transport:packet_sent","data":{"header":{}}}', '1 time'],
  ...[
    '-1',
    '-0.001',
    '1e400',
    '-1e400',
    '1e300',
    '9007199254741',
    // A leap of more than a week from one record to the next.
    '604900000',
    '"x"',
    '" 5"',
    '"0x10"',
    '""',
    'null',
    'true',
    '[]',
    '{}',
  ].map((time) => [`time ${time}`, good('quic-go', { time }), '1 time'] as const),
  ...['0', '"5"', '"5.25"', '1e3', '1E-3', '604799999', '4.9e-324'].map(
    (time) => [`time ${time}`, good('quic-go', { time }), '1 applied'] as const,
  ),
  ['invalid UTF-8', utf8(0xff), '1 utf8'],
  ['overlong UTF-8', utf8(0xc0, 0xaf), '1 utf8'],
  ['a surrogate in UTF-8', utf8(0xed, 0xa0, 0x80), '1 utf8'],
  ['half a character', utf8(0xc3), '1 utf8'],
  ['a whole one', utf8(0xc3, 0xa9), '1 applied'],
  ['a lone surrogate, escaped', utf8(...Buffer.from('\\ud800')), '1 applied'],
  ['nesting of 100,000 lists', good('quic-go', { extra: `,"x":${nested(100_000)}` }), '1 too_deep'],
  [
    'and objects',
    `{"time":1,"name":"x","data":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`,
    '1 too_deep',
  ],
  ['never closed', `{"time":1,"name":"x","data":${'['.repeat(100_000)}`, '1 too_deep'],
  [
    'deep nesting in a text',
    good('quic-go', { extra: `,"x":"${nested(5_000)}\\"${nested(5_000)}"` }),
    '1 applied',
  ],
  ['nesting that happens', good('quic-go', { extra: `,"x":${nested(100)}` }), '1 applied'],
]

t.test(
  'each record is counted once, by the right reason, and its neighbours are applied',
  async (t) => {
    for (const [what, record, expected] of RECORDS) {
      t.equal(await fate('quic-go', record), expected, what)
    }
  },
)

t.test('the same whether or not somebody reads such an event', async (t) => {
  // Events that nobody reads are recognised by their first bytes; that must not change the verdict.
  const unread = (time: string) =>
    `{"time":${time},"name":"recovery:loss_timer_updated","data":{"event_type":"set"}}`
  for (const time of ['-1', '1e400', '9007199254741', '"x"', '"0x10"', 'null', 'true', '""']) {
    t.equal(await fate('quic-go', unread(time)), '1 time', time)
  }
  for (const time of ['', ' ', '0x10', '01', '1.', '.5', '+1', 'Infinity', '1_0', '-']) {
    t.equal(await fate('quic-go', unread(time)), '1 json', JSON.stringify(time))
  }
  for (const time of ['0', '"5"', '1.5', '1e3']) {
    t.equal(await fate('quic-go', unread(time)), '1 applied', time)
  }
})

for (const { name: dialect } of dialects) {
  t.test(`${dialect}: hostile records cost nothing but themselves`, async (t) => {
    const hostile = ['{', 'null', '{"a":1}', '{"time":-1,"name":"x"}', '{"time":1,"name":"x:y"}']
    t.equal(await fate(dialect, ...hostile), '2 json, 1 schema, 1 time, 1 unknown')
    const received = GOOD[dialect]
    t.equal(await fate(dialect, `{"time":1,"name":"${received}","data":{}}`), '1 schema')
    t.equal(await fate(dialect, good(dialect, { time: '0.5' })), '1 applied', 'time that goes back')
  })
}

/** How a value is taken where a whole number is expected: as this number, not at all, or as bad. */
const VALUES: Readonly<Record<string, number | 'absent' | 'bad'>> = {
  '0': 0,
  '30': 30,
  '"30"': 30,
  '3e1': 30,
  '30.0': 30,
  '"18446744073709551615"': 'absent',
  '18446744073709551615': 'absent',
  '4611686018427387903': 'absent',
  '1152921504606846976': 'absent',
  '65535': 65535,
  '65536': 'bad',
  '9007199254740991': 'bad',
  '-1': 'bad',
  '"-1"': 'bad',
  '1.5': 'bad',
  '1e400': 'bad',
  '"NaN"': 'bad',
  '"Infinity"': 'bad',
  '"0x1e"': 'bad',
  '""': 'bad',
  '" 30"': 'bad',
  null: 'bad',
  true: 'bad',
  '[30]': 'bad',
  '{}': 'bad',
}

t.test(
  'a value that cannot be is left out and counted, the rest of its record is used',
  async (t) => {
    for (const [written, expected] of Object.entries(VALUES)) {
      const record = good('quic-go', { length: written })
      const verdict = expected === 'bad' ? '1 applied, 1 bad values' : '1 applied'
      t.equal(await fate('quic-go', record), verdict, written)
      const page = await read([fileOf(headerOf('quic-go'), record)])
      t.equal(total(page, 'quic_packets_received_total'), 1)
      const bytes = typeof expected === 'number' ? expected : 0
      t.equal(total(page, 'quic_received_bytes_total'), bytes, written)
    }
  },
)

t.test('one absurd value does not ruin a counter for good', async (t) => {
  const sent = (header: string, frames: string, length: number) =>
    `{"time":5,"name":"transport:packet_sent","data":{"header":{"packet_type":"1RTT"${header}},"raw":{"length":${length}},"frames":[${frames}]}}`
  const metrics = (members: string) =>
    `{"time":6,"name":"recovery:metrics_updated","data":{"bytes_in_flight":1,${members}}}`
  const absurd = 2 ** 52
  const page = await read([
    fileOf(
      headerOf('quic-go'),
      sent('', '', 100),
      sent('', '', absurd),
      sent('', `{"frame_type":"stream","stream_id":${absurd}}`, 100),
      sent('', '{"frame_type":"stream","stream_id":3}', 100),
      metrics(`"pto_count":${absurd}`),
      metrics(`"congestion_window":${absurd}`),
      metrics('"smoothed_rtt":600001'),
      metrics('"smoothed_rtt":600000'),
    ),
  ])
  t.equal(total(page, 'quic_sent_bytes_total'), 300)
  t.equal(total(page, 'quic_streams_opened_total'), 1)
  t.equal(total(page, 'quic_pto_total'), 0)
  t.equal(total(page, 'quic_congestion_window_bytes_count'), 0)
  t.equal(total(page, 'quic_rtt_seconds_sum'), 600)
  t.equal(total(page, 'quic_exporter_values_rejected_total'), 5)
  t.equal(total(page, 'quic_exporter_records_failed_total'), 0)
})

t.test('sums stay finite whatever is written into whatever field', async (t) => {
  const fields = `smoothed_rtt min_rtt latest_rtt rtt_variance pto_count congestion_window
    bytes_in_flight packets_in_flight pacing_rate mtu new packet_number max_idle_timeout
    max_ack_delay error_code application_error connection_error`.split(/\s+/)
  for (const { name: dialect, readers } of dialects) {
    const records: string[] = []
    let time = 0
    for (const event of readers.keys()) {
      for (const value of Object.keys(VALUES)) {
        time += 300
        const members = fields.map((field) => `"${field}":${value}`).join()
        const frames = `"frames":[null,7,{"frame_type":${value}},{"frame_type":"ack","acked_ranges":${value}},
          {"frame_type":"ack","acked_ranges":[${value},[${value}],[${value},${value}],[5,2]]},
          {"frame_type":"stream","stream_id":${value}},{"frame_type":"path_challenge","data":${value}}]`
        const data = `{"initiator":"local",${members},"header":{"packet_type":"1RTT","packet_number":${value},
          "dcid":${value}},"raw":{"length":${value}},"trigger":${value},${frames},
          "cf_lost_packets":{"delta":${value}},"frame":{"frame_type":"headers","headers":[${value},
          {"name":":status","value":${value}}]}}`
        records.push(`{"time":${time},"name":"${event}","data":${data}}`.replace(/\s+/g, ''))
      }
    }
    const page = await read([fileOf(headerOf(dialect), ...records)])
    t.equal(isSound(page), '', dialect)
    t.equal(total(page, 'quic_connections_total'), 1)
    t.equal(total(page, 'quic_connections_active'), 0)
    t.ok((total(page, 'quic_exporter_values_rejected_total') as number) > 100, dialect)
  }
})

t.test('nothing that a record says becomes a label', async (t) => {
  const secret = 'constructor'
  const records = [...(dialects.find(({ name }) => name === 'quic-go')?.readers.keys() ?? [])].map(
    (event) => ({
      time: 1,
      name: event,
      data: {
        header: { packet_type: secret, dcid: secret, version: secret },
        frames: [
          { frame_type: secret },
          { frame_type: 'connection_close', error_space: secret, error: secret },
        ],
        trigger: secret,
        new: secret,
        initiator: secret,
        chosen_version: secret,
        connection_error: secret,
        frame: { frame_type: 'headers', header_fields: [{ name: ':status', value: secret }] },
      },
    }),
  )
  const group = { ...records[0], group_id: secret }
  const page = await read([fileOf(headerOf('quic-go'), ...records, group)])
  t.same(
    [...allSeries(page)].filter((series) => series.includes(secret)),
    [],
  )
  t.equal(isSound(page), '')
})

t.test('no record changes what other objects inherit', async (t) => {
  const before = Object.getOwnPropertyNames(Object.prototype).sort()
  const poison = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'
  for (const { name: dialect, readers } of dialects) {
    const records = [...readers.keys()].map(
      (event) => `{"time":1,"name":"${event}","__proto__":{"polluted":1},"data":${poison}}`,
    )
    const header = JSON.stringify(headerOf(dialect)).replace('{', '{"__proto__":{"polluted":1},')
    await read([fileOf(header, ...records, poison)])
  }
  t.same(Object.getOwnPropertyNames(Object.prototype).sort(), before)
  t.equal(({} as { polluted?: number }).polluted, undefined)
})

/** Traces in shapes of older drafts: lists of values, delta times, microseconds. */
import t from 'tap'
import { aioquic } from '../qlog-parsers/dialects/aioquic.ts'
import { type QuicEvent, TraceDecoder, type TraceState } from '../qlog-parsers/index.ts'
import { eventClockUs, readTraceHeader } from '../qlog-parsers/trace-header.ts'
import { PLAIN } from '../qlog-parsers/trace-shape.ts'

interface Told {
  readonly records: string[]
  readonly events: {
    readonly at: number
    readonly group: string | undefined
    readonly event: QuicEvent
  }[]
  readonly ats: number[]
  readonly decoder: TraceDecoder
}

/** What is told of records behind a header; `state`: by a decoder that goes on from there. */
function decode(header: object | undefined, records: readonly unknown[], state?: TraceState): Told {
  const told: Omit<Told, 'decoder'> = { records: [], events: [], ats: [] }
  const decoder = new TraceDecoder(
    { vantage: 'server', dialect: aioquic },
    {
      opened() {},
      ended() {
        told.records.push('ended')
      },
      events(group, at, events) {
        told.ats.push(at)
        for (const event of events) told.events.push({ at, group, event })
      },
      record(outcome) {
        if (outcome.kind === 'header') return
        told.records.push(outcome.kind === 'rejected' ? outcome.reason : outcome.kind)
      },
    },
  )
  if (state !== undefined) decoder.resume(state)
  for (const one of header === undefined ? records : [header, ...records]) {
    const bytes = Buffer.from(JSON.stringify(one))
    decoder.record(bytes, 0, bytes.length, true)
  }
  return { ...told, decoder }
}

const SERVER = { type: 'server' }
const header = (trace: object) => ({ trace: { vantage_point: SERVER, ...trace } })
const METRICS = { smoothed_rtt: 25.5, cwnd: 12_000 }
const rttOf = ({ events }: Told) =>
  events.map(({ event }) => (event.type === 'recovery_metrics' ? event.smoothedRttUs : undefined))

t.test('lists: columns in any case, order and number', (t) => {
  const cases: readonly (readonly [readonly string[], readonly unknown[]])[] = [
    [
      ['relative_time', 'category', 'event', 'data'],
      [1.5, 'recovery', 'metrics_updated', METRICS],
    ],
    [
      ['TIME', 'CATEGORY', 'EVENT_TYPE', 'TRIGGER', 'DATA'],
      ['1.5', 'RECOVERY', 'METRICS_UPDATED', 'ack', METRICS],
    ],
    [
      ['relative_time', 'path_id', 'category', 'event', 'data'],
      [1.5, 7, 'recovery', 'metrics_updated', METRICS],
    ],
    [
      ['data', 'event_type', 'category', 'time'],
      [METRICS, 'metrics_updated', 'recovery', 1.5],
    ],
    [
      ['time', 'category', 'event', 'data'],
      [1.5, 'recovery', 'metrics_updated', METRICS, [], 'more'],
    ],
    [
      ['time', 'event', 'data'],
      [1.5, 'recovery:metrics_updated', METRICS],
    ],
  ]
  for (const [event_fields, values] of cases) {
    const told = decode(header({ event_fields }), [values])
    t.same(told.records, ['read'], event_fields.join())
    t.same(told.ats, [1500])
    t.same(rttOf(told), [25_500])
  }
  t.end()
})

t.test('lists that are too short, or hold something else', (t) => {
  const event_fields = ['time', 'category', 'event', 'data', 'group_id']
  const told = (values: unknown) => decode(header({ event_fields }), [values])
  t.same(told([1, 'transport', 'datagrams_sent']).records, ['unread'], 'no data, and none is read')
  t.same(told([1, 'recovery', 'metrics_updated']).records, ['read'], 'no data, nothing in it')
  t.same(told([1, 'recovery', 'metrics_updated', null]).records, ['schema'])
  t.same(told([1, 'recovery', 'metrics_updated', []]).records, ['schema'])
  t.same(told([1, 'recovery']).records, ['schema'])
  t.same(told([1, 2, 3, {}]).records, ['schema'])
  t.same(told([]).records, ['schema'])
  t.same(told([null, 'recovery', 'metrics_updated', {}]).records, ['time'])
  t.same(told([-1, 'recovery', 'metrics_updated', {}]).records, ['time'])
  t.same(told({ time: 1, name: 'recovery:metrics_updated', data: METRICS }).records, ['read'])
  t.same(decode(header({}), [[1, 'recovery', 'metrics_updated', METRICS]]).records, ['json'])
  t.end()
})

t.test('a trigger of its own column belongs to the data', (t) => {
  const event_fields = ['time', 'category', 'event', 'trigger', 'data']
  const reasonOf = (values: readonly unknown[]) => {
    const [first] = decode(header({ event_fields }), [values]).events
    return first?.event.type === 'packet_dropped' ? first.event.reason : undefined
  }
  t.equal(reasonOf([1, 'transport', 'packet_dropped', 'duplicate', {}]), 'duplicate')
  t.equal(reasonOf([1, 'transport', 'packet_dropped', 'duplicate']), 'duplicate')
  t.equal(
    reasonOf([1, 'transport', 'packet_dropped', 'duplicate', { trigger: 'key_unavailable' }]),
    'key_unavailable',
  )
  t.end()
})

t.test('group ids of any kind are text', (t) => {
  const event_fields = ['time', 'category', 'event', 'data', 'group_id']
  const ids: readonly (readonly [unknown, string | undefined])[] = [
    ['ab', 'ab'],
    [7, '7'],
    [{ a: 1 }, '{"a":1}'],
    [null, undefined],
    [undefined, undefined],
  ]
  for (const [id, text] of ids) {
    const list = decode(header({ event_fields }), [[1, 'recovery', 'metrics_updated', METRICS, id]])
    const object = decode(header({}), [
      { time: 1, name: 'recovery:metrics_updated', data: METRICS, group_id: id },
    ])
    t.equal(list.events[0]?.group, text)
    t.equal(object.events[0]?.group, text)
  }
  t.equal(readTraceHeader(header({ common_fields: { group_id: 7 } }))?.groupId, '7')
  t.end()
})

t.test('microseconds: times and durations', (t) => {
  for (const place of ['trace', 'file'] as const) {
    const configuration = { time_units: 'us' }
    const event_fields = ['relative_time', 'category', 'event', 'data']
    const opening =
      place === 'trace'
        ? header({ configuration, event_fields })
        : { ...header({ event_fields }), configuration }
    const told = decode(opening, [[1500, 'recovery', 'metrics_updated', { smoothed_rtt: 25_500 }]])
    t.same(told.ats, [1500])
    t.same(rttOf(told), [25_500])
  }
  const inMs = decode(header({ configuration: { time_units: 'ms' } }), [
    { time: 1.5, name: 'recovery:metrics_updated', data: METRICS },
  ])
  t.same(rttOf(inMs), [25_500], 'and the next trace is read in milliseconds again')
  t.end()
})

const delta = (time: unknown, name = 'recovery:metrics_updated') => ({ time, name, data: {} })

t.test('delta times count from the event before, whoever reads it', (t) => {
  for (const time_format of ['delta', 'relative_to_previous_event']) {
    const told = decode(header({ common_fields: { time_format } }), [
      delta(10),
      delta(0.25),
      delta('0.25', 'connectivity:spin_bit_updated'),
      delta(1, 'some:thing'),
      delta(-1),
      delta('soon'),
      delta(1e300),
      delta(0),
      delta(2),
    ])
    t.same(told.ats, [10_000, 10_250, 10_500, 11_500, 11_500, 13_500], time_format)
    t.same(told.records.filter((one) => one === 'time').length, 3)
  }
  const columns = decode(header({ event_fields: ['DELTA_TIME', 'CATEGORY', 'EVENT'] }), [
    [5, 'a', 'b'],
    [5, 'a', 'b'],
  ])
  t.same(columns.ats, [5000, 10_000])
  t.end()
})

t.test('delta times from a first one that is Unix time', (t) => {
  const told = decode(header({ common_fields: { time_format: 'delta' } }), [
    delta(1_795_370_575_739),
    delta(0),
    delta(55),
  ])
  t.same(told.ats, [1_795_370_575_739_000, 1_795_370_575_739_000, 1_795_370_575_794_000])
  t.end()
})

t.test('small deltas add up exactly', (t) => {
  const many = Array.from({ length: 3000 }, () => delta(0.0004))
  const told = decode(header({ common_fields: { time_format: 'delta' } }), many)
  t.equal(told.ats.at(-1), 1200)
  t.end()
})

t.test('the clock of an event', (t) => {
  const startedAt = (common_fields: object, more: object = {}) =>
    readTraceHeader(header({ common_fields, ...more }))?.startedAtUs
  const us = { configuration: { time_units: 'us' } }
  t.equal(startedAt({ reference_time: 1_795_370_575_739.25 }), 1_795_370_575_739_250)
  t.equal(startedAt({ reference_time: '1795370575739' }), 1_795_370_575_739_000)
  t.equal(startedAt({ reference_time: '1795370575739250' }, us), 1_795_370_575_739_250)
  for (const none of ['0', 0, '11001', 'soon', null, {}, { epoch: 'unknown' }, 1e300]) {
    t.equal(startedAt({ reference_time: none }), undefined, JSON.stringify(none))
  }
  t.equal(eventClockUs({ startedAtUs: 1e15 }, 5), 1e15 + 5)
  t.equal(eventClockUs({ startedAtUs: undefined }, 5), undefined)
  t.equal(eventClockUs({ startedAtUs: 1e15 }, 1_795_370_575_739_250), 1_795_370_575_739_250)
  t.end()
})

t.test('a decoder goes on in another process, after any record', (t) => {
  const opening = header({
    event_fields: ['delta_time', 'category', 'event', 'data', 'group_id'],
    configuration: { time_units: 'us' },
    common_fields: { group_id: 3, reference_time: '1795370575739250' },
  })
  const records = Array.from({ length: 12 }, (_, i) => [
    0.3 * i,
    'recovery',
    i % 4 === 1 ? 'unheard_of' : 'metrics_updated',
    { smoothed_rtt: 1000 + i },
    i % 2,
  ])
  const whole = decode(opening, records)
  t.equal(whole.events.length, 9)
  for (let cut = 0; cut <= records.length; cut += 1) {
    const first = decode(opening, records.slice(0, cut))
    const second = decode(undefined, records.slice(cut), first.decoder.state)
    t.same([...first.events, ...second.events], whole.events)
    t.same([...first.ats, ...second.ats], whole.ats)
    t.same(second.decoder.state, whole.decoder.state)
  }
  t.end()
})

t.test('what needs nothing of this is plain, and known by that', (t) => {
  for (const time_format of [undefined, 'relative', 'absolute', 'relative_to_epoch', 7]) {
    t.equal(readTraceHeader(header({ common_fields: { time_format } }))?.shape, PLAIN)
  }
  t.end()
})

t.test('a stream that was quiet for more than a week goes on; one wrong time is none', (t) => {
  const week = 7 * 86_400_000
  const at = (time: number) => ({ time, name: 'recovery:metrics_updated', data: METRICS })
  const plain = header({ common_fields: {} })
  const quiet = decode(plain, [5, 2 * week, 2 * week + 1, 2 * week + 2].map(at))
  t.same(quiet.records, ['read', 'time', 'read', 'read'])
  t.same(quiet.ats, [5_000, (2 * week + 1) * 1000, (2 * week + 2) * 1000])
  const wrong = decode(plain, [5, 2 * week, 6, 2 * week, 9 * week, 7].map(at))
  t.same(wrong.records, ['read', 'time', 'read', 'time', 'time', 'read'])
  t.end()
})

/**
 * Our own format for balancers that write their own log: one JSON object a line, defined in
 * lb-events-definitions.ts and described in docs/lb-events.md.
 */
import { Fields } from '../decoding/fields.ts'
import { parseRecord } from '../decoding/json-path.ts'
import { wallClockUs } from '../decoding/wall-clock.ts'
import type { LineOutcome, LineOutput, LineReader, LogDialect } from '../log-dialect.ts'
import { Told, withSignals } from '../told-signals.ts'
import { breakerEvent, healthOf, requestOf } from './lb-events-balancer.ts'
import { connectionEvents, pathEvent } from './lb-events-connection.ts'
import { EVENT_TYPES, EVENTS, type EventType } from './lb-events-definitions.ts'
import { ANNOUNCEABLE, SIGNALS, signalsOf } from './lb-events-signals.ts'
import { readEvent, type Values } from './lb-events-values.ts'

class LbEventsReader implements LineReader {
  readonly #fields = new Fields()
  readonly #told = new Told(lbEvents)

  read(bytes: Uint8Array, start: number, end: number, out: LineOutput): LineOutcome {
    const record = parseRecord(bytes, start, end)
    if (typeof record === 'string') return { kind: 'rejected', reason: record }
    const type = EVENT_TYPES.find((known) => known === record.type)
    if (type === undefined) {
      return typeof record.type === 'string' ? { kind: 'unknown' } : rejected('schema')
    }
    const values = readEvent(record, EVENTS[type], this.#fields)
    const rejectedValues = this.#fields.takeRejected()
    if (values === undefined) return rejected(hasBadTime(record.time, type) ? 'time' : 'schema')
    const at = values.number('time')
    this.#tell(type, values, at ?? 0, out)
    this.#told.learn(type === 'hello' ? this.#announced(values) : shownBy(type, values), out)
    const unknownSignals = this.#fields.takeRejected()
    return { kind: 'read', name: type, at, rejectedValues: rejectedValues + unknownSignals }
  }

  header(bytes: Uint8Array, start: number, end: number, out: LineOutput): void {
    const record = parseRecord(bytes, start, end)
    if (typeof record === 'string' || record.type !== 'hello') return
    const values = readEvent(record, EVENTS.hello, this.#fields)
    if (values !== undefined) this.#told.learn(this.#announced(values), out)
    this.#fields.takeRejected()
  }

  state(): unknown {
    return this.#told.state
  }

  restore(state: unknown): void {
    this.#told.restore(state)
  }

  #tell(type: EventType, values: Values, at: number, out: LineOutput): void {
    if (type === 'request') out.emit(requestOf(values))
    else if (type === 'backend_health') out.emit(healthOf(values))
    else if (type === 'circuit_breaker') out.emit(breakerEvent(values))
    else if (type === 'connection') {
      for (const event of connectionEvents(values, at)) out.quic(values.text('id') ?? '', event)
    } else if (type !== 'hello') {
      const event = pathEvent(type, values, at)
      const id = values.text('connection')
      // A connection that is not told of must not begin because it moved.
      if (id === undefined || !this.#told.has('connection')) out.endpoint(event)
      else out.quic(id, event)
    }
  }

  #announced(values: Values): readonly string[] {
    return values.texts('events').flatMap((name) => {
      if (!ANNOUNCEABLE.includes(name)) this.#fields.reject()
      return signalsOf(name)
    })
  }
}

/** The signals of a good line. */
function shownBy(type: EventType, values: Values): readonly string[] {
  const isList = values.fields.includes('attempts')
  const hasTimes = values.list('attempts').some((one) => one.number('duration_ms') !== undefined)
  return [
    type,
    ...values.fields.map((field) => `${type}.${field}`),
    `${type}.${values.text('event') ?? ''}`,
    ...(isList ? ['request.backend'] : []),
    ...(hasTimes ? ['request.backend_duration_ms'] : []),
  ].filter((name) => Object.hasOwn(SIGNALS, name))
}

function rejected(reason: 'schema' | 'time'): LineOutcome {
  return { kind: 'rejected', reason }
}

function hasBadTime(time: unknown, type: EventType): boolean {
  return type !== 'hello' && time !== undefined && wallClockUs(time) === undefined
}

const base: LogDialect = {
  name: 'lb-events',
  producers: 'a home-made balancer that writes the events of docs/lb-events.md',
  advice: 'begin each file with `hello`, and write the fields of docs/lb-events.md',
  capabilities: {},
  rules: { handshake: 'state_event', close: 'close_event', migration: 'event' },
  lines: EVENT_TYPES,
  open: () => new LbEventsReader(),
}

/** Nothing can be told of it before it was seen: each set of signals is a variant. */
export const lbEvents = withSignals(base, SIGNALS)

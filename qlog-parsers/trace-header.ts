/** The header of a qlog trace, whatever draft it follows: the declared version is not the truth. */
import { asNumber, isObject, type JsonObject } from './decoding/fields.ts'
import { declaredShape, PLAIN, type TraceShape } from './trace-shape.ts'

export interface TraceHeader {
  /** `unknown`: it is not told, and cannot be inferred; `other`: what is written is none of these. */
  readonly vantage: 'server' | 'client' | 'network' | 'transport' | 'unknown' | 'other'
  /** The vantage point was inferred from who sent first. */
  readonly vantageInferred: boolean
  readonly producerName: string
  readonly title: string
  readonly description: string
  /** The producer's version, where it says one. */
  readonly codeVersion: string
  /** The original destination connection id of a file that holds one connection. */
  readonly groupId: string | undefined
  /** Wall clock of event time 0, Unix microseconds; undefined where the producer does not say. */
  readonly startedAtUs: number | undefined
  readonly declaredVersion: string
  readonly serializationFormat: string
  /** The trace is part of one JSON document that holds all of the file. */
  readonly isContained: boolean
  /** Names of the members of `common_fields`. */
  readonly commonFields: readonly string[]
  /** `reference_time` is an object (draft-ietf-quic-qlog-main-schema-10 and later). */
  readonly hasReferenceObject: boolean
  readonly hasCommonFields: boolean
  readonly hasTimeOffset: boolean
  readonly shape: TraceShape
}

/**
 * Reads the header record of a file, or the opening of a contained one, in which the last trace counts;
 * undefined if the object is no qlog header.
 */
export function readTraceHeader(record: JsonObject): TraceHeader | undefined {
  const isContained = Array.isArray(record.traces)
  const trace = Array.isArray(record.traces) ? record.traces.at(-1) : record.trace
  if (!isObject(trace)) return undefined
  const vantagePoint = objectOf(trace.vantage_point)
  const common = objectOf(trace.common_fields)
  const configuration = objectOf(record.configuration)
  const traceConfiguration = objectOf(trace.configuration)
  const shape = declaredShape(trace, common, [configuration, traceConfiguration])
  return {
    vantage: vantageOf(vantagePoint.type),
    vantageInferred: vantagePoint.inferred === true,
    producerName: textOf(vantagePoint.name),
    title: textOf(record.title) || textOf(trace.title),
    description: textOf(record.description) || textOf(trace.description),
    codeVersion: textOf(record.code_version) || textOf(configuration.code_version),
    groupId: groupText(common.group_id) || textOf(common.ODCID) || undefined,
    startedAtUs: wallClock(common.reference_time, shape),
    declaredVersion: textOf(record.qlog_version) || textOf(record.file_schema),
    serializationFormat: textOf(record.serialization_format) || textOf(record.qlog_format),
    isContained: isContained || Array.isArray(trace.events),
    commonFields: Object.keys(common),
    hasReferenceObject: isObject(common.reference_time),
    hasCommonFields: isObject(trace.common_fields),
    hasTimeOffset: 'time_offset' in traceConfiguration || 'time_offset' in configuration,
    shape,
  }
}

/** A group id as text: any JSON value in draft-01, a string since; undefined if there is none. */
export function groupText(written: unknown): string | undefined {
  if (typeof written === 'string') return written
  return written === undefined || written === null ? undefined : JSON.stringify(written)
}

/** Unix times are above it, times since any reference below, µs: 1973. */
const LEAST_UNIX_US = 1e14

/** Wall clock of an event, Unix µs: its time may be one; undefined where the producer does not say. */
export function eventClockUs(
  { startedAtUs }: Pick<TraceHeader, 'startedAtUs'>,
  at: number,
): number | undefined {
  if (at >= LEAST_UNIX_US) return at
  return startedAtUs === undefined ? undefined : startedAtUs + at
}

function vantageOf(type: unknown): TraceHeader['vantage'] {
  if (type === 'server' || type === 'client' || type === 'network' || type === 'transport')
    return type
  return type === undefined || type === null || type === 'unknown' ? 'unknown' : 'other'
}

/** A number since draft-00, there often as text; an object with text since main schema 10. */
function wallClock(reference: unknown, { unitUs }: TraceShape): number | undefined {
  const text = isObject(reference) ? (reference.wall_clock_time ?? reference.epoch) : undefined
  const us = typeof text === 'string' ? Date.parse(text) * 1000 : asNumber(reference) * unitUs
  // A reference of 0, or since the machine started, is a way of having no wall clock.
  return us >= LEAST_UNIX_US && us <= Number.MAX_SAFE_INTEGER ? Math.round(us) : undefined
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** What is still needed of a header once its file is being read. */
export type Remembered = Pick<TraceHeader, 'vantage' | 'groupId' | 'startedAtUs' | 'shape'>

/** A header of which only that is known. */
export function rememberedHeader(remembered: Remembered): TraceHeader {
  return { ...BLANK, ...remembered }
}

const BLANK: TraceHeader = {
  vantage: 'unknown',
  vantageInferred: false,
  producerName: '',
  title: '',
  description: '',
  codeVersion: '',
  groupId: undefined,
  startedAtUs: undefined,
  declaredVersion: '',
  serializationFormat: '',
  isContained: false,
  commonFields: [],
  hasReferenceObject: false,
  hasCommonFields: false,
  hasTimeOffset: false,
  shape: PLAIN,
}

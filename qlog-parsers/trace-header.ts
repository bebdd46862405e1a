/** The first record of a qlog file, whatever draft it follows (DIALECTS: the declared version is not the truth). */
import { asNumber, isObject, type JsonObject } from './decoding/fields.ts'

export interface TraceHeader {
  readonly vantage: 'server' | 'client' | 'network' | 'transport' | 'unknown'
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
  /** `reference_time` is an object (draft-ietf-quic-qlog-main-schema-10 and later). */
  readonly hasReferenceObject: boolean
  readonly hasCommonFields: boolean
  readonly hasTimeOffset: boolean
}

/** Reads the header record; undefined if the object is no qlog header. */
export function readTraceHeader(record: JsonObject): TraceHeader | undefined {
  const trace = record.trace
  if (!isObject(trace)) return undefined
  const vantagePoint = objectOf(trace.vantage_point)
  const common = objectOf(trace.common_fields)
  const configuration = objectOf(record.configuration)
  const traceConfiguration = objectOf(trace.configuration)
  return {
    vantage: vantageOf(vantagePoint.type),
    producerName: textOf(vantagePoint.name),
    title: textOf(record.title) || textOf(trace.title),
    description: textOf(record.description) || textOf(trace.description),
    codeVersion: textOf(record.code_version) || textOf(configuration.code_version),
    groupId: textOf(common.group_id) || textOf(common.ODCID) || undefined,
    startedAtUs: wallClock(common.reference_time),
    declaredVersion: textOf(record.qlog_version) || textOf(record.file_schema),
    serializationFormat: textOf(record.serialization_format) || textOf(record.qlog_format),
    hasReferenceObject: isObject(common.reference_time),
    hasCommonFields: isObject(trace.common_fields),
    hasTimeOffset: 'time_offset' in traceConfiguration || 'time_offset' in configuration,
  }
}

function vantageOf(type: unknown): TraceHeader['vantage'] {
  if (type === 'server' || type === 'client' || type === 'network' || type === 'transport')
    return type
  return 'unknown'
}

function wallClock(reference: unknown): number | undefined {
  const text = isObject(reference) ? (reference.wall_clock_time ?? reference.epoch) : undefined
  const ms = typeof text === 'string' ? Date.parse(text) : asNumber(reference)
  // A reference of 0 is a way of having no wall clock.
  return Number.isFinite(ms) && ms > 0 ? Math.round(ms * 1000) : undefined
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** What is still needed of a header once its file is being read. */
export type Remembered = Pick<TraceHeader, 'vantage' | 'groupId' | 'startedAtUs'>

/** A header of which only that is known. */
export function rememberedHeader(remembered: Remembered): TraceHeader {
  return {
    producerName: '',
    title: '',
    description: '',
    codeVersion: '',
    declaredVersion: '',
    serializationFormat: '',
    hasReferenceObject: false,
    hasCommonFields: false,
    hasTimeOffset: false,
    ...remembered,
  }
}

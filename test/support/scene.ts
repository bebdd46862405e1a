/** Normalised events into the real table of connections, and what the page says of them. */
import type { StreamFacts } from '../../exporter/connections/connection.ts'
import type { Stream } from '../../exporter/connections/table.ts'
import { renderStore } from '../../exporter/metrics/render.ts'
import { createPipeline, type Pipeline } from '../../exporter/pipeline.ts'
import { type Capabilities, dialectNamed, type QuicEvent } from '../../qlog-parsers/index.ts'
import { nonZero, observed, type Page, parsePage, total } from './page.ts'

/** An event without its time. */
export type Happening = QuicEvent extends infer E
  ? E extends QuicEvent
    ? Omit<E, 'at'>
    : never
  : never

export interface SceneOptions {
  /** Whose capabilities hold. */
  readonly dialect?: string
  readonly without?: readonly (keyof Capabilities)[]
  /** Instead of those of a dialect. */
  readonly capabilities?: Capabilities
  readonly vantage?: 'server' | 'client'
  readonly joinedLate?: boolean
  readonly maxConnections?: number
}

/** One file's connections; times are event times in ms. */
export class Scene {
  readonly #pipeline: Pipeline
  readonly #stream: Stream
  readonly #turnsOut: (capabilities: Capabilities) => void

  constructor(options: SceneOptions = {}) {
    const { dialect: name = 'quic-go', without = [], vantage = 'server' } = options
    const dialect = dialectNamed(name)
    if (dialect === undefined) throw new Error(`no dialect ${name}`)
    const entries = Object.entries(options.capabilities ?? dialect.capabilities)
    const capabilities = Object.fromEntries(
      entries.filter(([key]) => !without.includes(key as keyof Capabilities)),
    ) as unknown as Capabilities
    const { maxConnections } = options
    this.#pipeline = createPipeline(maxConnections === undefined ? {} : { maxConnections })
    const { metrics, input, table } = this.#pipeline
    const source = metrics.owner('qlog')
    const facts: StreamFacts = { capabilities, vantage }
    input.opened(source)
    input.dialect(source, { name, capabilities, rules: dialect.rules })
    this.#stream = table.stream(source, facts, options.joinedLate ?? false)
    this.#turnsOut = (better) => {
      facts.capabilities = better
      input.dialect(source, { name, capabilities: better, rules: dialect.rules })
    }
  }

  /** The file's records show that its writer tells something else. */
  turnsOut(capabilities: Capabilities): this {
    this.#turnsOut(capabilities)
    return this
  }

  /** One record of the file's only connection. */
  at(ms: number, ...happenings: Happening[]): this {
    return this.in('', ms, ...happenings)
  }

  /** One record of one of several connections. */
  in(group: string, ms: number, ...happenings: Happening[]): this {
    const at = Math.round(ms * 1000)
    const events = happenings.map((happening) => ({ ...happening, at }) as QuicEvent)
    this.#pipeline.table.apply(this.#stream, group, at, events)
    return this
  }

  /** The file has not grown for so long. */
  silentFor(ms: number): this {
    this.#pipeline.table.silent(this.#stream, ms * 1000)
    return this
  }

  /** Rows that are held. */
  get rows(): number {
    return this.#stream.connections.size
  }

  /** Nothing will ever follow. */
  finish(): this {
    this.#pipeline.table.finish(this.#stream)
    return this
  }

  async page(): Promise<Page> {
    return parsePage(await renderStore(this.#pipeline.metrics))
  }

  /** Values of a family by label values, without those that are 0; undefined if it is absent. */
  async counts(name: string): Promise<Record<string, number> | undefined> {
    return nonZero(await this.page(), name)
  }

  /** Sum of a family's series, by labels if given; undefined if it is absent. */
  async total(name: string, labels?: Record<string, string>): Promise<number | undefined> {
    return total(await this.page(), name, labels)
  }

  /** A histogram's observations by upper bound. */
  async observed(name: string): Promise<Record<string, number>> {
    return observed(await this.page(), name)
  }
}

type PacketFields = Partial<
  Omit<Extract<QuicEvent, { type: 'packet' }>, 'type' | 'at' | 'direction'>
>
type MetricsFields = Partial<Omit<Extract<QuicEvent, { type: 'recovery_metrics' }>, 'type' | 'at'>>

function packet(direction: 'sent' | 'received', fields: PacketFields): Happening {
  return {
    type: 'packet',
    direction,
    packetType: '1rtt',
    number: undefined,
    bytes: undefined,
    destinationId: undefined,
    probeOnly: false,
    streamIds: [],
    ...fields,
  }
}

/** A packet that was sent. */
export function sent(fields: PacketFields = {}): Happening {
  return packet('sent', fields)
}

/** A packet that was received. */
export function received(fields: PacketFields = {}): Happening {
  return packet('received', fields)
}

/** Recovery metrics; nothing but what is given. */
export function metrics(fields: MetricsFields): Happening {
  return {
    type: 'recovery_metrics',
    initialGuess: false,
    smoothedRttUs: undefined,
    minRttUs: undefined,
    rttVariationUs: undefined,
    ptoCount: undefined,
    congestionWindow: undefined,
    bytesInFlight: undefined,
    pacingRate: undefined,
    ...fields,
  }
}

/** The server's HANDSHAKE_DONE. */
export const DONE: Happening = { type: 'handshake_done', direction: 'sent' }

/** A clean end. */
export const CLOSE: Happening = {
  type: 'connection_close_frame',
  direction: 'sent',
  error: { space: 'transport', code: 0 },
}

/** A PATH_CHALLENGE that was sent. */
export function challenge(data?: string, destinationId?: string): Happening {
  return {
    type: 'path_challenge',
    direction: 'sent',
    ...(data === undefined ? {} : { data }),
    ...(destinationId === undefined ? {} : { destinationId }),
  }
}

/** A PATH_RESPONSE that was received. */
export function response(data?: string): Happening {
  return { type: 'path_response', direction: 'received', ...(data === undefined ? {} : { data }) }
}

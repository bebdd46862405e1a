/** One source that is asked: a poller, what reads its answers, and what the page says of both. */
import {
  LogDecoder,
  type LogDialect,
  type LogEvent,
  type LogListener,
  type PolledDialect,
  type QuicEvent,
  type RecordOutcome,
  type Upstream,
} from '../qlog-parsers/index.ts'
import type { PollFailure, TailingMetrics } from './collectors/tailing.ts'
import { parsePollUrl } from './config/poll-url.ts'
import type { Config, SourceConfig } from './config/schema.ts'
import type { Stream } from './connections/table.ts'
import type { Logger } from './logging.ts'
import type { Pipeline } from './pipeline.ts'
import { QUESTIONS } from './polls/index.ts'
import { Poller } from './polls/poller.ts'
import type { SourceAtWork } from './source-at-work.ts'
import { type Discovery, inputOf, type SavedSource, type SourceParts } from './source-parts.ts'
import { SourceReader } from './source-reader.ts'
import { stateOfAnswers } from './source-state.ts'

export class PolledSource implements SourceAtWork, LogListener {
  readonly name: string
  readonly input: string
  readonly #key: number
  readonly #index: number
  readonly #pipeline: Pipeline
  readonly #metrics: TailingMetrics
  readonly #log: Logger
  readonly #reader: SourceReader
  readonly #decoder: LogDecoder
  readonly #poller: Poller
  readonly #upstreamsOf: PolledDialect['upstreams']
  readonly #discovery: Discovery | undefined
  /** Whether the servers that it names are to be told of. */
  #discovers: boolean
  /** Whether the servers that it named last had no addresses. */
  #hidesAddresses = false
  #askedAtUs = 0
  /** Of the answer at hand: whether it could be used. */
  #isUsed = false
  /** Whether the last answer was good, else why not; undefined before the first. */
  #last: PollFailure | 'good' | undefined

  /** `key`: a number that no other source of this process has. */
  constructor(
    key: number,
    source: SourceConfig,
    config: Config,
    dialect: PolledDialect,
    { pipeline, tailing, discovery, log }: SourceParts,
  ) {
    const { name, vantage } = source
    const url = parsePollUrl(source.url ?? '')
    const question = QUESTIONS[dialect.name]
    if (url === undefined || question === undefined) throw new Error(`${name}: nothing to ask`)
    this.#key = key
    this.name = name
    this.input = inputOf(source)
    this.#index = pipeline.metrics.owner(name)
    this.#pipeline = pipeline
    this.#metrics = tailing
    this.#upstreamsOf = dialect.upstreams
    this.#discovery = discovery
    this.#discovers = source.discover !== undefined
    this.#log = log
    const settings = { fields: {} }
    this.#reader = new SourceReader(
      { source: this.#index, vantage, maxRecordBytes: config.tail.maxRecordBytes },
      pipeline.table,
      pipeline.input,
      { found: (dialect) => log.info('dialect found', { source: name, dialect }) },
      { dialect, settings, tell: (event) => pipeline.tell(this.#index, event) },
    )
    this.#decoder = new LogDecoder(
      { ...dialect, open: () => this.#answers(dialect) },
      settings,
      this,
    )
    this.#poller = new Poller({
      ask: question(url),
      intervalMs: source.pollIntervalMs,
      answered: (body) => this.#answered(body),
      failed: (reason) => this.#asked(reason),
    })
    tailing.pollOpened(this.#index)
  }

  start(): void {
    this.#poller.start()
  }

  stop(): Promise<void> {
    return this.#poller.stop()
  }

  async adopt(source: SourceConfig): Promise<void> {
    this.#poller.change(source.pollIntervalMs)
    this.#discovers = source.discover !== undefined
    if (!this.#discovers) this.#discovery?.forget(this.name)
  }

  forget(): void {
    this.#poller.halt()
    this.#discovery?.forget(this.name)
    this.#pipeline.metrics.dropOwner(this.#index)
  }

  sweep(): Promise<void> {
    return this.#poller.poll()
  }

  /** A balancer that does not answer holds nobody up for longer than one question. */
  get ready(): boolean {
    return this.#last !== undefined
  }

  get summary(): SourceAtWork['summary'] {
    const dialects = [...this.#reader.facts.dialects]
    return { name: this.name, dialects, files: 0, state: stateOfAnswers(this.#last) }
  }

  publish(): void {
    const isUp = this.#last === undefined ? undefined : this.#last === 'good'
    this.#metrics.pollStatus(this.#index, isUp, this.#reader.facts.newestEventUs)
  }

  saved(): SavedSource {
    const { newestEventUs } = this.#reader.facts
    return {
      key: this.#key,
      name: this.name,
      input: this.input,
      knownRoots: [],
      dialects: this.#reader.dialectKeys,
      answers: this.#decoder.state,
      ...(newestEventUs === undefined ? {} : { newestEventUs }),
    }
  }

  *saveChanges(): Generator<void, void> {}

  *saveAll(): Generator<void, void> {}

  restore(saved: SavedSource): ReadonlyMap<number, Stream> {
    this.#reader.restore(saved)
    if (saved.answers !== undefined) this.#decoder.resume(saved.answers)
    return new Map()
  }

  log(event: LogEvent): void {
    this.#pipeline.tell(this.#index, event)
  }

  endpoint(event: QuicEvent): void {
    this.#pipeline.tell(this.#index, event)
  }

  /** Nobody who is asked tells of single connections. */
  quic(): void {}

  line(outcome: RecordOutcome): void {
    this.#pipeline.input.record(this.#index, outcome)
    this.#isUsed = outcome.kind === 'read'
  }

  became(dialect: LogDialect): void {
    this.#reader.found(dialect)
  }

  /** Its time is ours, not that of its writer: a step of it says nothing. */
  #answers(dialect: PolledDialect) {
    const answers = dialect.answers()
    return {
      read: (bytes: Uint8Array, start: number, end: number, out: LogDecoder) =>
        answers.read(bytes.subarray(start, end), this.#askedAtUs, out),
      state: () => answers.state(),
      restore: (state: unknown) => answers.restore(state),
    }
  }

  #answered(body: Uint8Array): void {
    this.#askedAtUs = Date.now() * 1000
    this.#pipeline.input.read(this.#index, body.length)
    this.#decoder.record(body, 0, body.length, true)
    if (this.#isUsed) this.#reader.sawEventAt(this.#askedAtUs)
    const upstreams = this.#discovers && this.#isUsed ? this.#upstreamsOf(body) : undefined
    // One that does not answer still has its servers.
    if (upstreams !== undefined) this.#told(upstreams)
    this.#asked(this.#isUsed ? undefined : 'content')
  }

  #told(upstreams: readonly Upstream[]): void {
    this.#discovery?.discovered(this.name, this.#index, upstreams)
    const before = this.#hidesAddresses
    this.#hidesAddresses = upstreams.length > 0 && upstreams.every(({ address }) => address === '')
    if (!this.#hidesAddresses || before) return
    const why = 'its socket needs level operator: at level user HAProxy hides addresses'
    this.#log.warn('none of the servers that a balancer names can be probed', {
      source: this.name,
      why,
    })
  }

  /** What it says is logged when it changes; where it was asked may hold what nobody should read. */
  #asked(failure?: PollFailure): void {
    this.#metrics.polled(this.#index, failure)
    const before = this.#last
    this.#last = failure ?? 'good'
    if (this.#last === before) return
    if (failure !== undefined) {
      this.#log.warn('a balancer gives no state', { source: this.name, reason: failure })
    } else if (before !== undefined) {
      this.#log.info('a balancer gives its state again', { source: this.name })
    }
  }
}

/** What sources are made with, what they save, and what makes two of them the same. */
import { resolve } from 'node:path'
import type { LogState, Upstream } from '../qlog-parsers/index.ts'
import type { RetentionMetrics } from './collectors/retention.ts'
import type { TailingMetrics } from './collectors/tailing.ts'
import type { SourceConfig } from './config/schema.ts'
import type { Logger } from './logging.ts'
import type { OwnTraces } from './own-traces.ts'
import type { Pipeline } from './pipeline.ts'
import type { OneAtATime } from './retention/one-at-a-time.ts'
import type { TailShared } from './tail/tailer.ts'

/** What all sources share. */
export interface SourceParts {
  readonly pipeline: Pipeline
  readonly tailing: TailingMetrics
  readonly shared: TailShared
  /** Whether their state is saved. */
  readonly keepState: boolean
  /** Without it, no source takes files away. */
  readonly retention?: RetentionTools
  /** By which files grow old, in ms; that of the machine if not given. */
  readonly clock?: { now(): number }
  /** Who probes the servers that balancers name. */
  readonly discovery?: Discovery
  /** Knows which connections are only probes of this exporter. */
  readonly own?: OwnTraces
  readonly log: Logger
}

/** Told of the servers behind balancers that are asked. */
export interface Discovery {
  /** `source`: its index in the metric store. */
  discovered(sourceName: string, source: number, upstreams: readonly Upstream[]): void
  /** The source is gone, or names nothing any more. */
  forget(sourceName: string): void
}

/** What sources need that take files away. */
export interface RetentionTools {
  readonly metrics: RetentionMetrics
  readonly saveForGood: () => Promise<boolean>
  readonly compressing: OneAtATime
}

/** What is saved of a source besides its files. */
export interface SavedSource {
  /** Its number in the rows. */
  readonly key: number
  readonly name: string
  /** What it reads, and how; equal only for the same. */
  readonly input: string
  readonly knownRoots: readonly string[]
  readonly dialects: readonly string[]
  readonly newestEventUs?: number
  /** Of one that is asked: where its counters stood. */
  readonly answers?: LogState
}

/** A change of any of this makes it another source: what was counted does not go on. */
export function inputOf(source: SourceConfig): string {
  if (source.url !== undefined) return JSON.stringify([source.dialect, source.url])
  const { paths, recursive, include, dialect, vantage, fields } = source
  const files = [paths.map((path) => resolve(path)), recursive, include]
  return JSON.stringify([...files, dialect, vantage, ...Object.entries(fields)])
}

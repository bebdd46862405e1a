/** How each source is read: whether it can be, how far behind, which files. Set at every scrape. */
import type { MetricStore } from '../metrics/store.ts'

const FILE_STATES = ['open', 'parked', 'complete'] as const
const ERROR_REASONS = [
  'permission',
  'io',
  'not_regular',
  'outside_root',
  'limit',
  'compressed',
  'other',
] as const
const RESET_REASONS = ['truncated', 'marker', 'replaced', 'other'] as const

/** Why a balancer that was asked for its state gave none. */
export const POLL_FAILURES = [
  'unreachable',
  'permission',
  'timeout',
  'closed',
  'status',
  'redirect',
  'too_large',
  'content',
  'other',
] as const
export type PollFailure = (typeof POLL_FAILURES)[number]

/** A source's files at one moment. */
export interface SourceStatus {
  readonly up: boolean
  readonly onDiskBytes: number
  readonly lagBytes: number
  readonly lagSeconds: number
  readonly files: Readonly<Record<(typeof FILE_STATES)[number], number>>
  readonly watchDegraded: boolean
  /** Wall clock of the newest event, else of the newest write; Unix µs. */
  readonly newestUs: number | undefined
}

export interface TailingMetrics {
  opened(source: number, sampleRatio: number): void
  status(source: number, status: SourceStatus): void
  fileError(source: number, reason: (typeof ERROR_REASONS)[number]): void
  fileReset(source: number, reason: (typeof RESET_REASONS)[number]): void
  /** The source is one that is asked. */
  pollOpened(source: number): void
  /** It was asked; `failure` is why that gave nothing. */
  polled(source: number, failure?: PollFailure): void
  /** `up`: the last answer was good; undefined before the first. `newestUs`: when that was, Unix µs. */
  pollStatus(source: number, up: boolean | undefined, newestUs: number | undefined): void
}

export function tailingMetrics(metrics: MetricStore): TailingMetrics {
  const depends = 'clock'
  const up = metrics.gauge({
    name: 'quic_exporter_source_up',
    help: 'Whether the last scan of the source succeeded; a directory without files is up. Of one that is polled: whether it last answered.',
    depends,
  })
  const ratio = metrics.gauge({
    name: 'quic_exporter_source_sample_ratio',
    help: 'Share of its connections that the source logs, from the configuration; below 1 counts are raw.',
    unit: 'ratio',
    depends,
  })
  const onDisk = metrics.gauge({
    name: 'quic_exporter_source_on_disk_bytes',
    help: 'Size of the files of the source. Without retention nobody deletes them but you.',
    unit: 'bytes',
    depends,
  })
  const lagBytes = metrics.gauge({
    name: 'quic_exporter_lag_bytes',
    help: 'Bytes on disk that are not used yet, unfinished last records included.',
    unit: 'bytes',
    depends,
  })
  const lagSeconds = metrics.gauge({
    name: 'quic_exporter_lag_seconds',
    help: 'For how long the oldest complete record has been waiting to be read.',
    unit: 'seconds',
    depends,
  })
  const newest = metrics.gauge({
    name: 'quic_exporter_last_event_timestamp_seconds',
    help: 'When the newest event was written, by the clock of its writer, else by the file.',
    unit: 'seconds',
    depends,
  })
  const files = metrics.gauge({
    name: 'quic_exporter_files',
    help: 'Files of the source: held open, closed with bytes waiting, closed and read to the end.',
    labels: { state: FILE_STATES },
    depends,
  })
  const errors = metrics.counter({
    name: 'quic_exporter_file_errors_total',
    help: 'Files that could not be read, at most once per file, reason and minute. Since process start.',
    labels: { reason: ERROR_REASONS },
    depends,
  })
  const resets = metrics.counter({
    name: 'quic_exporter_file_resets_total',
    help: 'Files read anew because they no longer continued what had been read.',
    labels: { reason: RESET_REASONS },
  })
  const degraded = metrics.gauge({
    name: 'quic_exporter_watch_degraded',
    help: 'Whether the kernel gives no hints for some directory, so that only sweeps find growth.',
    depends,
  })
  const polls = metrics.counter({
    name: 'quic_exporter_polls_total',
    help: 'Times that a balancer was asked for its state. Since process start.',
    depends,
  })
  const pollsFailed = metrics.counter({
    name: 'quic_exporter_polls_failed_total',
    help: 'Times that it gave none, by reason; what it counted meanwhile is in its next answer. Since process start.',
    labels: { reason: POLL_FAILURES },
    depends,
  })
  return {
    opened(source, sampleRatio) {
      ratio.set(source, Math.round(sampleRatio * 1e6))
      errors.open(source)
      resets.open(source)
    },
    status(source, status) {
      up.set(source, status.up ? 1 : 0)
      onDisk.set(source, status.onDiskBytes)
      lagBytes.set(source, status.lagBytes)
      lagSeconds.set(source, Math.round(status.lagSeconds * 1e6))
      if (status.newestUs !== undefined) newest.set(source, status.newestUs)
      for (const state of FILE_STATES) files.set(source, status.files[state], state)
      degraded.set(source, status.watchDegraded ? 1 : 0)
    },
    fileError(source, reason) {
      errors.add(source, 1, reason)
    },
    fileReset(source, reason) {
      resets.add(source, 1, reason)
    },
    pollOpened(source) {
      polls.open(source)
      pollsFailed.open(source)
    },
    polled(source, failure) {
      polls.add(source, 1)
      if (failure !== undefined) pollsFailed.add(source, 1, failure)
    },
    pollStatus(source, isUp, newestUs) {
      if (isUp !== undefined) up.set(source, isUp ? 1 : 0)
      if (newestUs !== undefined) newest.set(source, newestUs)
    },
  }
}

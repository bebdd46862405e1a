/** The real exporter in this process, the files and the balancer that it reads, and the hour that is played to it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { loadConfig } from '../../../exporter/config/load.ts'
import type { Exporter } from '../../../exporter/exporter.ts'
import { createLogger, type Logger } from '../../../exporter/logging.ts'
import { CONTENT_TYPE } from '../../../exporter/metrics/render.ts'
import { openExporter } from '../../../exporter/open-exporter.ts'
import { VERSION } from '../../../exporter/version.ts'
import { type ListenAddress, listen } from '../../../exporter/web/listen.ts'
import { createServer } from '../../../exporter/web/server.ts'
import type { Owner } from '../../../test/live/processes.ts'
import { openBalancer } from './balancer.ts'
import { LogWriter, QlogWriter } from './files.ts'
import type { TakenPage } from './history.ts'
import { type Probed, paced, startProbed } from './probed.ts'
import {
  LOG_PARTS,
  type LogPart,
  moodAt,
  POLLED_PART,
  QLOG_PARTS,
  type QlogPart,
} from './script.ts'

/** A step of the hour takes so long, and in each of them everything is probed once. */
const PROBED_EVERY_MS = 100
const SETTLED_MS = 15_000

export interface Recorder {
  /** `host:port` where the exporter serves its page. */
  readonly target: string
  /** Writes what comes in so many seconds of the hour, at a share of it. */
  play(seconds: number, share: number): void
  /** Writes what stands at the end of the hour. */
  end(): void
  /** Lets the exporter read what came, now. */
  read(): Promise<void>
  page(): Promise<TakenPage>
  /** From now on it is probed as slowly as time goes by. */
  settle(): void
  stop(): Promise<void>
}

/** Sets it up below an empty directory. `sources`: names of the parts that play, all of them if not given. */
export async function openRecorder(
  owner: Owner,
  directory: string,
  sources?: readonly string[],
): Promise<Recorder> {
  const plays = ({ source }: { readonly source: string }) => sources?.includes(source) ?? true
  const at = (source: string) => join(directory, source)
  const qlogs = QLOG_PARTS.filter(plays)
  const logs = LOG_PARTS.filter(plays)
  const polled = [POLLED_PART].filter(plays)
  const logWriters = logs.map((part) => new LogWriter(part, at(part.source)))
  const writers = [...qlogs.map((part) => new QlogWriter(part, at(part.source))), ...logWriters]
  const balancers = await Promise.all(
    polled.map(({ source, answers }) => openBalancer(at(source), answers)),
  )
  const probed = await startProbed(owner)
  mkdirSync(at('state'))
  const file = at('config.yml')
  writeFileSync(file, configuration(directory, { qlogs, logs, polled }, probed))
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const { config, errors } = loadConfig({ file, flags: {}, env: {}, readFile })
  if (config === undefined) throw new Error(errors.join('\n'))
  const log = createLogger({ level: 'error', format: 'logfmt' })
  const opened = await openExporter(paced(config, PROBED_EVERY_MS), log)
  if (opened.type === 'refused') throw new Error(opened.why)
  const { exporter } = opened
  const listening = await serveOn(config.web.listen, exporter, log)
  exporter.start()
  return {
    target: new URL(listening.urls[0] ?? '').host,
    play: (seconds, share) => {
      probed.mood = moodAt(share)
      for (const balancer of balancers) balancer.moment = share
      for (const writer of writers) writer.play(seconds, probed.mood)
    },
    end: () => {
      for (const writer of logWriters) writer.end()
    },
    read: async () => {
      const sweeps = exporter.sources.all.map((one) => one.sweep())
      // Long enough for a round of probes.
      await Promise.all([delay(PROBED_EVERY_MS), ...sweeps])
    },
    settle: () => exporter.probing.change(paced(config, SETTLED_MS)),
    page: async () => ({ atMs: Date.now(), text: await exporter.page() }),
    stop: async () => {
      await listening.close()
      await exporter.stop()
      await opened.release()
      for (const balancer of balancers) balancer.close()
    },
  }
}

interface Parts {
  readonly qlogs: readonly QlogPart[]
  readonly logs: readonly LogPart[]
  readonly polled: readonly (typeof POLLED_PART)[]
}

function configuration(directory: string, { qlogs, logs, polled }: Parts, probed: Probed): string {
  const at = (name: string) => join(directory, name)
  const files = (source: string) => `name: ${source}, paths: [${at(source)}], start_at: beginning`
  const sources = [
    ...qlogs.map(({ source }) => files(source)),
    ...logs.map(({ source, dialect }) => `${files(source)}, dialect: ${dialect}`),
    ...polled.map(
      ({ source, dialect }) => `name: ${source}, url: 'unix:${at(source)}', dialect: ${dialect}`,
    ),
  ]
  return `sources:
${sources.map((source) => `  - {${source}}\n`).join('')}${probed.configuration}tail: {rotate_grace: 100ms}
storage: {path: ${at('state')}, fsync: never}
web: {listen: ['127.0.0.1:0']}
`
}

async function serveOn(places: readonly ListenAddress[], exporter: Exporter, log: Logger) {
  const app = createServer({
    page: () => exporter.page(),
    contentType: CONTENT_TYPE,
    ready: () => exporter.ready,
    telemetryPath: '/metrics',
    version: VERSION,
    sources: () => exporter.sources.all.map(({ summary }) => summary),
    log,
  })
  const listening = await listen(app, places, { log })
  if (listening.type === 'failed') throw new Error(listening.message)
  return listening
}

/** `serve`: follows the sources and answers scrapes until it is told to stop. */
import { processMetrics } from './collectors/process.ts'
import { tailingMetrics } from './collectors/tailing.ts'
import type { Config } from './config/schema.ts'
import { createLogger, type Logger } from './logging.ts'
import { CONTENT_TYPE, renderStore } from './metrics/render.ts'
import { runtimeMetrics } from './metrics/runtime.ts'
import { createPipeline } from './pipeline.ts'
import { Source } from './source.ts'
import { defaultMaxOpenFiles } from './tail/open-files.ts'
import { TailShared } from './tail/tailer.ts'
import { REVISION, VERSION } from './version.ts'
import { listen } from './web/listen.ts'
import { createServer } from './web/server.ts'

/** Time for a last look at the files when told to stop; the server's own grace comes after it. */
const LAST_LOOK_MS = 500

/** Serves until SIGTERM or SIGINT; resolves to the exit code. A second signal ends it at once. */
export async function serve(config: Config): Promise<number> {
  const log = createLogger(config.log)
  const exporter = createExporter(config, log)
  const app = createServer({
    page: exporter.page,
    contentType: CONTENT_TYPE,
    ready: () => exporter.sources.every(({ ready }) => ready),
    telemetryPath: config.web.telemetryPath,
    version: VERSION,
    sources: () => exporter.sources.map(({ summary }) => summary),
    log,
  })
  const listening = await listen(app, config.web.listen, { log })
  if (listening.type === 'failed') {
    log.error(listening.message)
    return 1
  }
  for (const source of exporter.sources) source.start()
  const [first = ''] = listening.urls
  log.info('quic-lb-exporter serves', {
    version: VERSION,
    metrics: new URL(config.web.telemetryPath, first).href,
    sources: exporter.sources.map(({ name }) => name).join(','),
  })

  const signal = await stopSignal()
  log.info('stopping', { signal })
  const stops = exporter.sources.map(async (source) => {
    await Promise.race([source.sweep(), after(LAST_LOOK_MS)])
    await source.stop()
  })
  await Promise.all([...stops, listening.close()])
  log.info('stopped')
  return 0
}

function createExporter(config: Config, log: Logger) {
  const pipeline = createPipeline({
    maxSeries: config.metrics.maxSeries,
    maxConnections: config.connections.max,
  })
  const tailing = tailingMetrics(pipeline.metrics)
  const maxOpenFiles = Math.min(config.tail.maxOpenFiles, defaultMaxOpenFiles())
  const shared = new TailShared(maxOpenFiles)
  const process_ = processMetrics(
    pipeline.metrics,
    { version: VERSION, revision: REVISION, nodeVersion: process.version },
    { files: maxOpenFiles, connections: config.connections.max },
  )
  const runtime = runtimeMetrics()
  const sources = config.sources.map(
    (source) => new Source(source, config, pipeline, tailing, shared, log),
  )
  let lastScrapeUs = 0
  const page = async () => {
    const begun = performance.now()
    for (const source of sources) source.publish()
    process_.status(lastScrapeUs)
    const pages = await Promise.all([renderStore(pipeline.metrics), runtime()])
    lastScrapeUs = Math.round((performance.now() - begun) * 1000)
    return pages.join('\n')
  }
  return { sources, page }
}

/** The first signal that asks for an end; the second ends the process with 130 at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(130)
      stopping = true
      resolve(signal)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

/** `serve`: follows the sources and answers scrapes until it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadedConfig } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { counted } from './counted.ts'
import type { Exporter } from './exporter.ts'
import { createLogger, type Logger } from './logging.ts'
import { CONTENT_TYPE } from './metrics/render.ts'
import { openExporter } from './open-exporter.ts'
import { probeOnDemand } from './probe-on-demand.ts'
import { tellMistakes } from './reload-notes.ts'
import { VERSION } from './version.ts'
import { listen } from './web/listen.ts'
import { createServer, type Reload } from './web/server.ts'

/**
 * Serves until SIGTERM or SIGINT; resolves to the exit code. A second signal ends it at once. SIGHUP and,
 * where it is allowed, a request read the configuration again.
 */
export async function serve(config: Config, readAgain: () => LoadedConfig): Promise<number> {
  const log = createLogger(config.log)
  const opened = await openExporter(config, log)
  if (opened.type === 'refused') {
    log.error(opened.why)
    return 2
  }
  const { exporter } = opened
  let stopping = false
  const reload = reloader(exporter, log, () =>
    stopping ? { errors: ['the exporter is stopping'] } : readAgain(),
  )
  const scraped = new Scrapes()
  const app = createServer({
    page: () => exporter.page(),
    gate: () => exporter.gate(),
    contentType: CONTENT_TYPE,
    ready: () => exporter.ready,
    telemetryPath: config.web.telemetryPath,
    version: VERSION,
    sources: () => exporter.sources.all.map(({ summary }) => summary),
    probes: () => exporter.probing.summary,
    probe: {
      isUsed: () => exporter.probing.isUsed,
      ask: (request) => probeOnDemand(exporter.probing, request),
    },
    onScraped: (begunAt) => scraped.note(begunAt),
    ...(config.web.enableLifecycle ? { reload } : {}),
    log,
  })
  const listening = await listen(app, config.web.listen, { log })
  if (listening.type === 'failed') {
    log.error(listening.message)
    await opened.release()
    return 1
  }
  // Before anybody is told that it serves: the next thing may be a signal.
  const asked = stopSignal()
  process.on('SIGHUP', () => void reload())
  exporter.start()
  const [first = ''] = listening.urls
  log.info('quic-lb-exporter serves', {
    version: VERSION,
    metrics: new URL(config.web.telemetryPath, first).href,
    sources: exporter.sources.all.map(({ name }) => name).join(','),
    ...(exporter.probing.isUsed ? { probes: probesOf(exporter) } : {}),
  })

  const signal = await asked
  stopping = true
  log.info('stopping', { signal })
  await exporter.lookOnce()
  if (config.shutdown.lingerMs > 0) await scraped.after(performance.now(), config.shutdown.lingerMs)
  await listening.close()
  await exporter.stop()
  await opened.release()
  log.info('stopped')
  return 0
}

function probesOf({ probing }: Exporter): string {
  const { backends, targets } = probing.summary
  return `${counted(backends, 'backend')}, ${counted(targets, 'front door')}`
}

/** Reads the configuration again, one time after the other. */
function reloader(exporter: Exporter, log: Logger, readAgain: () => LoadedConfig) {
  let last: Promise<unknown> = Promise.resolve()
  const once = async (): Promise<Reload> => {
    const problems = await exporter.reload(readAgain())
    if (problems.length === 0) return { ok: true }
    tellMistakes(problems, log)
    return { ok: false, problems }
  }
  return (): Promise<Reload> => {
    const turn = last.then(once)
    last = turn.catch((error) => log.error('reading the configuration again failed', { error }))
    return turn
  }
}

/** Lets somebody wait for a scrape of what was known at some moment. */
class Scrapes {
  #waiting: { readonly since: number; readonly done: () => void } | undefined

  note(begunAt: number): void {
    if (this.#waiting !== undefined && begunAt >= this.#waiting.since) this.#waiting.done()
  }

  /** Resolves at the next answer that was begun after `since`, at the latest after so long. */
  async after(since: number, mostMs: number): Promise<void> {
    const scraped = new Promise<void>((done) => {
      this.#waiting = { since, done }
    })
    await Promise.race([scraped, sleep(mostMs, undefined, { ref: false })])
  }
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

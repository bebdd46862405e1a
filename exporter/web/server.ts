import { STATUS_CODES } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from '../logging.ts'
import { acceptsGzip } from './accept-encoding.ts'
import { LANDING_PAGE_POLICY, renderLandingPage, type SourceSummary } from './landing-page.ts'
import type { ProbesSummary } from './landing-probes.ts'
import { answerProbe, PROBE_PATH, type ProbeService } from './probe-route.ts'
import { scrapeBudgetMs, within } from './scrape-budget.ts'
import { sharePage } from './shared-page.ts'

/** What the server shows; it knows nothing of files, events and metrics. */
export interface ServerOptions {
  /** Renders the metrics page; a rejection becomes a 500 and a line in the log. */
  readonly page: () => Promise<string>
  readonly contentType: string
  readonly ready: () => boolean
  /** Path of the metrics page, for example `/metrics`; never `/`, where the landing page is. */
  readonly telemetryPath: string
  readonly version: string
  readonly sources: () => readonly SourceSummary[]
  /** Makes probes on demand; without it, or while nothing is probed, there is no `/probe`. */
  readonly probe?: ProbeService
  /** How many backends and front doors are probed. */
  readonly probes?: () => ProbesSummary
  readonly log: Logger
  /** Monotonic milliseconds, for the age of a rendered page. */
  readonly now?: () => number
  /** One line on why there is no page now: it is the answer to scrapes, with a 503. */
  readonly gate?: () => string | undefined
  /**
   * Called when a scrape was answered: the whole page was handed to the system. The page holds what
   * was known at `begunAt` (of `now`); it may be up to a second old.
   */
  readonly onScraped?: (begunAt: number) => void
  /** Reads the configuration again; without it `/-/reload` is forbidden. */
  readonly reload?: () => Promise<Reload>
}

/** How reading the configuration again ended; `problems` are lines. */
export type Reload =
  | { readonly ok: true }
  | { readonly ok: false; readonly problems: readonly string[] }

const SHARE_PAGE_FOR_MS = 1_000
const ALLOWED = 'GET, HEAD'
const RELOAD_PATH = '/-/reload'
const RELOAD_ALLOWED = 'POST, PUT'
const PLAIN = 'text/plain; charset=utf-8'

/**
 * Creates the application: landing page, metrics, probes, health and readiness, all by GET and HEAD only,
 * and reload by POST and PUT; `listen` serves it, `inject` tries it. Requests are not logged, no
 * body is read, and no answer repeats a word that the client sent.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { log, ready, telemetryPath } = options
  const app = fastify({ logger: false, return503OnClosing: false, frameworkErrors: refuse })
  const paths = new Set<string>()
  let closing = false
  const isReady = () => !closing && ready()

  const { probe } = options
  const hasProbe = () => probe?.isUsed() === true
  const isKnown = (path: string) => (path === PROBE_PATH ? hasProbe() : paths.has(path))

  const serve = (
    path: string,
    handler: (request: FastifyRequest, reply: FastifyReply) => unknown,
  ) => {
    paths.add(path)
    app.get(path, async (request, reply) => handler(request, reply))
  }

  app.addHook('preClose', async () => {
    closing = true
  })
  // Before the body is read: neither a method that is refused nor a reload has one that anybody
  // wants.
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    const [path = ''] = request.url.split('?')
    if (path === RELOAD_PATH) return answerReload(request.method, reply, options.reload)
    if (request.method === 'GET' || request.method === 'HEAD') return
    if (!isKnown(path)) return plain(reply, 404)
    return plain(reply.header('allow', ALLOWED), 405)
  })
  app.setNotFoundHandler((_request, reply) => plain(reply, 404))
  app.setErrorHandler((error, _request, reply) => {
    log.error('a request failed', { error })
    return plain(reply, 500)
  })

  serve(telemetryPath, metricsHandler(options))
  serve('/-/healthy', (_request, reply) => plain(uncached(reply), 200, 'healthy'))
  serve('/-/ready', (_request, reply) => {
    if (isReady()) return plain(uncached(reply), 200, 'ready')
    const why = closing ? 'stopping' : 'catching up with what was written before the start'
    return plain(uncached(reply).header('retry-after', '1'), 503, `not ready: ${why}`)
  })
  serve(PROBE_PATH, (request, reply) =>
    probe !== undefined && hasProbe() ? answerProbe(request, reply, probe.ask) : plain(reply, 404),
  )
  serve('/', (_request, reply) =>
    uncached(reply)
      .header('content-security-policy', LANDING_PAGE_POLICY)
      .header('referrer-policy', 'no-referrer')
      .type('text/html; charset=utf-8')
      .send(
        renderLandingPage({
          version: options.version,
          telemetryPath,
          ready: isReady(),
          sources: options.sources(),
          hasProbe: hasProbe(),
          ...(options.probes === undefined ? {} : { probes: options.probes() }),
        }),
      ),
  )
  return app
}

function metricsHandler(options: ServerOptions) {
  const { page, contentType, log, gate, onScraped, now = () => performance.now() } = options
  // Logged here, where it happens once, and not for each of those who share it.
  const loggedPage = async () => {
    try {
      return await page()
    } catch (error) {
      log.error('the metrics page cannot be rendered', { error })
      throw error
    }
  }
  const share = sharePage(loggedPage, SHARE_PAGE_FOR_MS, now)

  return async (request: FastifyRequest, reply: FastifyReply) => {
    const closedFor = gate?.()
    if (closedFor !== undefined) {
      return plain(uncached(reply).header('retry-after', '1'), 503, closedFor)
    }
    reply.header('vary', 'Accept-Encoding')
    const gzip = acceptsGzip(request.headers['accept-encoding'])
    const answer = share().then(async ({ begunAt, body, gzipped }) => ({
      begunAt,
      bytes: gzip ? await gzipped() : body,
    }))
    const outcome = await within(scrapeBudgetMs(request.headers[SCRAPE_TIMEOUT]), answer)
    switch (outcome.type) {
      case 'failed':
        return plain(reply, 500, 'the metrics page cannot be rendered')
      case 'late':
        return plain(reply, 503, 'the metrics page was not ready in time')
      case 'done': {
        const { begunAt, bytes } = outcome.value
        // Not the framework's hook, which also tells of answers that failed on their way.
        const { socket } = request.raw
        if (request.method === 'GET') {
          // Node.js 22 tells so of a client that has gone, too.
          reply.raw.once('finish', () => !socket.destroyed && onScraped?.(begunAt))
        }
        if (gzip) reply.header('content-encoding', 'gzip')
        return reply.type(contentType).send(bytes)
      }
    }
  }
}

async function answerReload(
  method: string,
  reply: FastifyReply,
  reload: ServerOptions['reload'],
): Promise<FastifyReply> {
  uncached(reply)
  if (method !== 'POST' && method !== 'PUT')
    return plain(reply.header('allow', RELOAD_ALLOWED), 405)
  if (reload === undefined) return plain(reply, 403, 'lifecycle requests are not enabled')
  const outcome = await reload()
  return outcome.ok ? plain(reply, 200, 'reloaded') : plain(reply, 400, outcome.problems.join('\n'))
}

const SCRAPE_TIMEOUT = 'x-prometheus-scrape-timeout-seconds'

function plain(reply: FastifyReply, status: number, line = STATUS_CODES[status]): FastifyReply {
  return reply.code(status).type(PLAIN).send(`${line}\n`)
}

function uncached(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store')
}

function refuse(_error: unknown, _request: unknown, reply: FastifyReply): void {
  plain(reply, 400)
}

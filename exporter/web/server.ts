import { STATUS_CODES } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from '../logging.ts'
import { acceptsGzip } from './accept-encoding.ts'
import { LANDING_PAGE_POLICY, renderLandingPage, type SourceSummary } from './landing-page.ts'
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
  readonly log: Logger
  /** Monotonic milliseconds, for the age of a rendered page. */
  readonly now?: () => number
}

const SHARE_PAGE_FOR_MS = 1_000
const ALLOWED = 'GET, HEAD'
const PLAIN = 'text/plain; charset=utf-8'

/**
 * Creates the application: landing page, metrics, health and readiness, all by GET and HEAD only;
 * `listen` serves it, `inject` tries it. Requests are not logged, and no answer repeats a word
 * that the client sent.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { log, ready, telemetryPath } = options
  const app = fastify({ logger: false, return503OnClosing: false, frameworkErrors: refuse })
  const paths = new Set<string>()
  let closing = false
  const isReady = () => !closing && ready()

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
  // Before the body is read: a method that is refused has none that anybody wants.
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-content-type-options', 'nosniff')
    if (request.method === 'GET' || request.method === 'HEAD') return
    const [path = ''] = request.url.split('?')
    if (!paths.has(path)) return plain(reply, 404)
    return plain(reply.header('allow', ALLOWED), 405)
  })
  app.setNotFoundHandler((_request, reply) => plain(reply, 404))
  app.setErrorHandler((error, _request, reply) => {
    log.error('a request failed', { error })
    return plain(reply, 500)
  })

  serve(telemetryPath, metricsHandler(options))
  serve('/-/healthy', (_request, reply) => plain(uncached(reply), 200, 'healthy'))
  serve('/-/ready', (_request, reply) =>
    isReady() ? plain(uncached(reply), 200, 'ready') : plain(uncached(reply), 503, 'not ready'),
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
        }),
      ),
  )
  return app
}

function metricsHandler({ page, contentType, log, now = () => performance.now() }: ServerOptions) {
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
    reply.header('vary', 'Accept-Encoding')
    const gzip = acceptsGzip(request.headers['accept-encoding'])
    const body = share().then(({ body, gzipped }) => (gzip ? gzipped() : body))
    const outcome = await within(scrapeBudgetMs(request.headers[SCRAPE_TIMEOUT]), body)
    switch (outcome.type) {
      case 'failed':
        return plain(reply, 500, 'the metrics page cannot be rendered')
      case 'late':
        return plain(reply, 503, 'the metrics page was not ready in time')
      case 'done':
        if (gzip) reply.header('content-encoding', 'gzip')
        return reply.type(contentType).send(outcome.value)
    }
  }
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

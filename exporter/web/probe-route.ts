import type { FastifyReply, FastifyRequest } from 'fastify'
import { scrapeBudgetMs } from './scrape-budget.ts'

/** A probe that somebody asks for. */
export interface ProbeRequest {
  readonly target: string
  readonly module: string | undefined
  /** Whether a person wants to see how it went. */
  readonly debug: boolean
  /** Milliseconds until the answer must be there. */
  readonly budgetMs: number
}

/** What came of it; `why` is a sentence of ours that repeats nothing. */
export type ProbeAnswer =
  | { readonly type: 'page'; readonly text: string; readonly contentType: string }
  | { readonly type: 'refused'; readonly why: string }
  | { readonly type: 'busy' }

/** Who makes probes on demand. */
export interface ProbeService {
  /** Without anything that is probed there is no `/probe`. */
  readonly isUsed: () => boolean
  /** Makes one. Names that are not known are refused, and nothing is connected to. */
  readonly ask: (request: ProbeRequest) => Promise<ProbeAnswer>
}

export const PROBE_PATH = '/probe'

const SCRAPE_TIMEOUT = 'x-prometheus-scrape-timeout-seconds'

/** Reads `target`, `module` and `debug` from a request; or says what is wrong with it. */
export function probeRequest({ url, headers }: FastifyRequest): ProbeRequest | string {
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1 || url.length))
  const targets = query.getAll('target')
  const modules = query.getAll('module')
  const [target = ''] = targets
  if (targets.length !== 1 || target === '') return 'give one target'
  if (modules.length > 1) return 'give one module at most'
  const [debug = 'false', ...more] = query.getAll('debug')
  if (more.length > 0 || (debug !== 'true' && debug !== 'false')) {
    return 'debug must be true or false'
  }
  return {
    target,
    module: modules[0] === '' ? undefined : modules[0],
    debug: debug === 'true',
    budgetMs: scrapeBudgetMs(headers[SCRAPE_TIMEOUT]),
  }
}

/** Answers with the page of one probe: 400 for what is not configured, 503 while too many are going on. */
export async function answerProbe(
  request: FastifyRequest,
  reply: FastifyReply,
  ask: ProbeService['ask'],
): Promise<FastifyReply> {
  const plain = (status: number, line: string) =>
    reply.code(status).type('text/plain; charset=utf-8').send(`${line}\n`)
  reply.header('cache-control', 'no-store')
  const wanted = probeRequest(request)
  if (typeof wanted === 'string') return plain(400, wanted)
  const answer = await ask(wanted)
  if (answer.type === 'refused') return plain(400, answer.why)
  if (answer.type === 'busy') {
    reply.header('retry-after', '1')
    return plain(503, 'too many probes at once')
  }
  return reply.type(answer.contentType).send(answer.text)
}

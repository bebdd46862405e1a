/** A look at an HTTP backend: healthy if its answer has the status, and the text, that is expected. */
import { isIP, type Socket } from 'node:net'
import { readBody } from './body.ts'
import { connect, connectTo } from './connect.ts'
import { ProbeError } from './failure.ts'
import { askHttp1 } from './http1.ts'
import { askHttp2 } from './http2.ts'
import { type Look, look } from './look.ts'
import type { Endpoint, HttpSettings, Prober } from './prober.ts'
import type { Answer, Question } from './question.ts'
import { isRedirect, redirected } from './redirect.ts'
import { secure } from './secure.ts'
import type { BackendTarget } from './target.ts'
import type { Tools } from './tools.ts'

type Target = BackendTarget<'http'>

const ASK = { 'http/1.1': askHttp1, h2: askHttp2 } as const

/** What may stand in a path and in `Host`: neither spaces nor what is not ASCII (RFC 9112 §3). */
const SENDABLE = /^[\x21-\x7e]+$/

/** The prober of an HTTP backend, over HTTP/1.1 or h2, with TLS or without. */
export function httpProber(target: Target, tools: Tools): Prober {
  const { endpoint, http } = target
  const scheme = target.tls === undefined ? 'http' : 'https'
  const own = authorityOf(endpoint, scheme)
  const { method, path, hostHeader = own } = http
  const first: Question = { method, scheme, authority: hostHeader, path }
  return (signal, note) =>
    look(signal, note, async (look) => {
      // Node.js would send it over h2, where it is up to the backend what to make of it.
      if (!SENDABLE.test(hostHeader + path)) throw new ProbeError('other', 'cannot be sent')
      const socket = await connect(look, endpoint, tools.names)
      const answer = await ask(look, target, tools, socket, first)
      await judge(http, await follow(look, target, tools, { asked: first, answer, own }))
    })
}

/** An answer, and what was asked. */
interface Asked {
  readonly asked: Question
  readonly answer: Answer
  /** The authority of the target itself. */
  readonly own: string
}

/** The answer that the redirects lead to, if any are followed. */
async function follow(look: Look, target: Target, tools: Tools, first: Asked): Promise<Answer> {
  let { asked, answer } = first
  const { maxRedirects } = target.http
  for (let followed = 0; maxRedirects > 0; followed += 1) {
    const { status, location } = answer
    if (!isRedirect(status) || location === undefined) break
    if (followed === maxRedirects) {
      throw new ProbeError('status', `still a redirect (${status}) after ${maxRedirects}`)
    }
    asked = redirected(asked, status, location, first.own)
    // A backend with one connection at a time would wait for the end of the last one.
    await look.close()
    const socket = await connectTo(look, look.address ?? '', target.endpoint.port)
    answer = await ask(look, target, tools, socket, asked)
  }
  return answer
}

/** Asks on a connection, with TLS if that is spoken. */
async function ask(
  look: Look,
  { endpoint, tls, http }: Target,
  { contexts }: Tools,
  socket: Socket,
  question: Question,
): Promise<Answer> {
  const { version } = http
  let spoken = socket
  if (tls !== undefined) {
    const secured = await secure(look, socket, { endpoint, tls, alpn: version, contexts })
    // Whoever has never heard of ALPN speaks HTTP/1.1.
    const chosen = secured.alpnProtocol || 'http/1.1'
    if (chosen !== version) throw new ProbeError('protocol', `asked for ${version}, got ${chosen}`)
    spoken = secured
  }
  // Its close would not be heard of any more.
  if (spoken.destroyed) throw new ProbeError('protocol', 'closed before it was asked')
  look.note(`${question.method} ${question.scheme}://${question.authority}${question.path}`)
  const answer = await ASK[version](look, spoken, question)
  look.status = answer.status
  look.note(`status ${answer.status}`)
  return answer
}

/** Throws what is not as expected. */
async function judge(http: HttpSettings, answer: Answer): Promise<void> {
  const { expectStatus, expectBody, maxBodyBytes } = http
  const { status } = answer
  if (!expectStatus.some(([from, to]) => status >= from && status <= to)) {
    const ranges = expectStatus.map(([from, to]) => (from === to ? from : `${from}-${to}`))
    throw new ProbeError('status', `status ${status}, expected ${ranges.join(', ')}`)
  }
  const { bytes, isWhole, found } = await readBody(answer, maxBodyBytes, expectBody)
  if (found) return
  const where = isWhole ? `a body of ${bytes} bytes` : `the first ${bytes} bytes of the body`
  throw new ProbeError('body', `${JSON.stringify(expectBody)} is not in ${where}`)
}

/** How the target is named in `Host`: without the port that the scheme has anyway. */
function authorityOf({ host, port }: Endpoint, scheme: Question['scheme']): string {
  const name = isIP(host) === 6 ? `[${host}]` : host
  return port === (scheme === 'http' ? 80 : 443) ? name : `${name}:${port}`
}

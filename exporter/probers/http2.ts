/** One question over HTTP/2 on a connection that is not used again; in plain text with prior knowledge (RFC 9113 §3.3). */
import {
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import type { Socket } from 'node:net'
import { ProbeError } from './failure.ts'
import { happening } from './happening.ts'
import type { Look } from './look.ts'
import { type Answer, HEADERS, type Question } from './question.ts'

type AnswerHeaders = IncomingHttpHeaders & IncomingHttpStatusHeader

/** Error codes by number (RFC 9113 §7). */
const ERRORS: readonly string[] = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** Asks, and returns the answer when its header is there. */
export async function askHttp2(look: Look, socket: Socket, question: Question): Promise<Answer> {
  const { stream, answered } = await look.spend('processing', async () => {
    const stream = open(look, socket, question)
    const answered = happening<[AnswerHeaders]>(stream, 'response')
    // If it is not waited for any more: then the other one has told the same.
    answered.catch(() => undefined)
    // An interim answer is a first byte, too.
    await happening(stream, 'headers', 'response').catch(saying(stream))
    return { stream, answered }
  })
  const [headers] = await answered.catch(saying(stream))
  const length = question.method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0)
  return {
    status: headers[':status'] ?? 0,
    location: headers.location,
    body: stream,
    missing: (receivedBytes) => missing(stream, length, receivedBytes),
  }
}

/** The stream of a question, on a session of its own. */
function open(look: Look, socket: Socket, question: Question): ClientHttp2Stream {
  const { method, scheme, authority, path } = question
  const createConnection = () => socket
  const session = look.hold(
    connect(`${scheme}://backend`, { createConnection, settings: { enablePush: false } }),
  )
  session.on('goaway', (code) => look.note(`GOAWAY, ${nameOf(code)}`))
  const asked = {
    ...HEADERS,
    ':method': method,
    ':scheme': scheme,
    ':authority': authority,
    ':path': path,
  }
  return look.hold(session.request(asked, { endStream: true }))
}

/** Throws an error on; of a stream that just ended, how. */
function saying(stream: ClientHttp2Stream) {
  return (error: unknown): never => {
    throw error instanceof ProbeError ? new ProbeError(error.failure, ended(stream)) : error
  }
}

/** A stream may end as if all had come when only the connection ended, or with an RST_STREAM (RFC 9113 §8.1). */
function missing(stream: ClientHttp2Stream, length: number, received: number): string | undefined {
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) return ended(stream)
  return received < length ? `${received} bytes of ${length}` : undefined
}

function ended({ rstCode = 0 }: ClientHttp2Stream): string {
  return `the stream ended: ${nameOf(rstCode)}`
}

function nameOf(code: number): string {
  return ERRORS[code] ?? `code ${code}`
}

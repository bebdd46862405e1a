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
  const { method, scheme, authority, path } = question
  const session = look.hold(
    connect(`${scheme}://backend`, {
      createConnection: () => socket,
      settings: { enablePush: false },
    }),
  )
  session.on('goaway', (code) => look.note(`GOAWAY, ${nameOf(code)}`))
  const asked = {
    ...HEADERS,
    ':method': method,
    ':scheme': scheme,
    ':authority': authority,
    ':path': path,
  }
  const stream = look.hold(session.request(asked, { endStream: true }))
  const answered = happening<[AnswerHeaders]>(stream, 'response')
  // If nobody waits for it because it is too late.
  answered.catch(() => undefined)
  try {
    // An interim answer is a first byte, too.
    await look.spend('processing', () => happening(stream, 'headers', 'response'))
    const [headers] = await answered
    const length = method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0)
    return {
      status: headers[':status'] ?? 0,
      location: headers.location,
      body: stream,
      missing: (receivedBytes) => missing(stream, length, receivedBytes),
    }
  } catch (error) {
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

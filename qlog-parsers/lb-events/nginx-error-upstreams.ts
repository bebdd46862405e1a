/**
 * Upstreams in nginx's error log. A failed try counts for `max_fails` only until the response header is
 * there; a body that breaks off later does not. The address is the one in `upstream: "…"`, which nginx
 * writes behind the request line: that cannot hold these words, since it has no spaces but its own two.
 */
import type { LogEvent } from '../log-events.ts'

/** How the messages of failed tries begin. */
const FAILURES = [
  'connect() failed',
  'upstream timed out',
  'upstream prematurely closed connection',
  'recv() failed',
  'send() failed',
  'writev() failed',
  'readv() failed',
  'sendfile() failed',
  'sendfile64() failed',
  'upstream sent invalid header',
  'upstream sent too big header',
  'upstream sent no valid HTTP',
  'upstream sent duplicate header line',
  'upstream SSL certificate',
  'SSL_do_handshake() failed',
  'peer closed connection in SSL handshake',
] as const

/** What nginx was doing while a failure still counts. */
const COUNTED = new Set([
  'connecting to upstream',
  'SSL handshaking to upstream',
  'sending request to upstream',
  'sending to upstream',
  'reading response header from upstream',
])

const WHILE = ' while '
const CLIENT = ', client: '
const UPSTREAM = ', upstream: "'
const SCHEME = /^[a-z]{1,10}:\/\//
const SOCKET = 'unix:'

export interface UpstreamLine {
  readonly name: 'upstream_failed' | 'upstream_disabled' | 'no_live_upstreams'
  readonly event?: LogEvent
}

/** What a message says of an upstream; undefined if nothing. A backend that a cut line lost is ''. */
export function upstreamLineOf(message: string): UpstreamLine | undefined {
  if (message.startsWith('no live upstreams while ')) return { name: 'no_live_upstreams' }
  if (message.startsWith('upstream server temporarily disabled while ')) {
    const backend = addressIn(message)
    return {
      name: 'upstream_disabled',
      event: { type: 'breaker_transition', backend, state: 'open', inForce: false },
    }
  }
  if (!FAILURES.some((words) => message.startsWith(words))) return undefined
  const action = message.indexOf(WHILE)
  const end = message.indexOf(CLIENT, action)
  if (action < 0 || end < 0) return undefined
  if (!COUNTED.has(message.slice(action + WHILE.length, end))) return undefined
  return {
    name: 'upstream_failed',
    event: { type: 'breaker_failure', backend: addressIn(message) },
  }
}

/** `127.0.0.1:9002` of `http://127.0.0.1:9002/item`, `unix:/run/app` of `http://unix:/run/app:/item`. */
function addressIn(message: string): string {
  const found = message.indexOf(UPSTREAM, message.indexOf(CLIENT))
  if (found < 0) return ''
  const url = message.slice(found + UPSTREAM.length)
  const address = url.slice(SCHEME.exec(url)?.[0].length ?? 0)
  const start = address.startsWith(SOCKET) ? SOCKET.length : 0
  const length = address.slice(start).search(start > 0 ? /[:"]/ : /[/"]/)
  return length < 0 ? '' : address.slice(0, start + length)
}

/** How Caddy is asked: a GET of its admin API, on TCP or on a socket in the file system. */
import type { PollUrl } from '../config/poll-url.ts'
import { httpAnswer } from './http-answer.ts'
import type { Ask } from './question.ts'

const UPSTREAMS = '/reverse_proxy/upstreams'

export function askCaddy(url: PollUrl): Ask {
  if (url.form === 'unix') {
    // Caddy admits requests on its socket only without a host of their own.
    const options = { socketPath: url.socketPath, path: UPSTREAMS, headers: { host: '' } }
    return (signal) => httpAnswer(options, signal)
  }
  const { host, port } = url
  const path = url.path === '/' ? UPSTREAMS : url.path
  return (signal) => httpAnswer({ host, port, path }, signal)
}

import type { Test } from 'tap'
import { peer } from './peers.ts'
import { type Running, run, start } from './processes.ts'
import { SERVER_NAME } from './workspace.ts'

/** What curl says it did: one entry per request that got an answer. */
export interface CurlReport {
  readonly connectionsMade: number
  readonly statuses: readonly string[]
}

/** Fetches paths over HTTP/3 with curl; `parallel` opens a connection for each of them. */
export async function curl(
  t: Test,
  port: number,
  paths: readonly string[],
  parallel = false,
): Promise<CurlReport> {
  const many = ['--parallel', '--parallel-immediate', '--parallel-max', String(paths.length)]
  const { code, stdout, stderr } = await run(t, {
    program: peer('curl'),
    args: [
      ...['--silent', '--show-error', '--insecure', '--http3-only', '--max-time', '50'],
      ...['--resolve', `${SERVER_NAME}:${port}:127.0.0.1`],
      ...['--write-out', '%{stderr}%{num_connects} %{http_code} HTTP/%{http_version}\\n'],
      ...(parallel ? many : []),
      ...paths.flatMap((path) => ['-o', '/dev/null', `https://${SERVER_NAME}:${port}${path}`]),
    ],
  })
  const answers = stderr.split('\n').filter((line) => line.endsWith(' HTTP/3'))
  if (code !== 0 || answers.length !== paths.length) {
    throw new Error(`curl ended with ${code}: ${stdout}${stderr}`)
  }
  return {
    connectionsMade: answers.reduce((sum, answer) => sum + Number.parseInt(answer, 10), 0),
    statuses: answers.map((answer) => answer.split(' ')[1] ?? ''),
  }
}

/** Starts ngtcp2's example client with one request; it ends when the answer is there. */
export function startNgtcp2Client(
  t: Test,
  port: number,
  path: string,
  options: readonly string[] = [],
): Running {
  return start(t, {
    program: peer('gtlsclient'),
    args: [
      ...['--quiet', '--no-quic-dump', '--no-http-dump', '--exit-on-all-streams-close'],
      ...options,
      ...['127.0.0.1', String(port), `https://${SERVER_NAME}:${port}${path}`],
    ],
  })
}

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import { until } from '../support/until.ts'
import { peer } from './peers.ts'
import { freePort, start } from './processes.ts'
import { makeCertificate, temporaryDirectory } from './workspace.ts'

/** A running ngtcp2 server that answers `/N` with N bytes and writes qlog. */
export interface Ngtcp2Server {
  readonly port: number
  readonly qlogDirectory: string
}

/** Starts ngtcp2's example server, with further options. */
export async function startNgtcp2Server(
  t: Test,
  more: readonly string[] = [],
): Promise<Ngtcp2Server> {
  const directory = await temporaryDirectory(t)
  const qlogDirectory = join(directory, 'qlog')
  await mkdir(qlogDirectory)
  const { key, certificate } = await makeCertificate(t, directory)
  const port = await freePort()
  const options = ['--quiet', '--no-quic-dump', '--no-http-dump', '--qlog-dir', qlogDirectory]
  start(t, {
    program: peer('gtlsserver'),
    args: [...options, ...more, '--htdocs', directory, '127.0.0.1', String(port), key, certificate],
    cwd: directory,
  })
  await until('the UDP port of gtlsserver', () => isUdpPortOpen(port), { withinMs: 15_000 })
  return { port, qlogDirectory }
}

async function isUdpPortOpen(port: number): Promise<boolean> {
  const sockets = await readFile('/proc/net/udp', 'utf8')
  return sockets.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `)
}

/** Looks at a backend as the exporter does, and sees to it that nothing stays open. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { backendProber } from '../../exporter/probers/index.ts'
import type { NameFiles } from '../../exporter/probers/name-files.ts'
import type {
  Endpoint,
  HttpSettings,
  ProbeResult,
  Prober,
  TlsSettings,
} from '../../exporter/probers/prober.ts'
import type { BackendProbeKind, BackendTarget } from '../../exporter/probers/target.ts'
import { TOOLS, type Tools } from '../../exporter/probers/tools.ts'
import { FIXTURES } from './fixtures.ts'

/** For looks that are to succeed, on a machine that is busy. */
const PATIENCE_MS = 30_000

/** Only so long as it takes to see that nothing comes. */
export const SOON_MS = 600

export interface Looked extends ProbeResult {
  /** What was told with `debug=true`. */
  readonly notes: readonly string[]
  /** How many connections were tried. */
  readonly sockets: number
}

/** Runs a prober; afterwards every socket that was opened meanwhile must be closed. */
export async function run(t: Test, prober: Prober, signal: AbortSignal): Promise<Looked> {
  const [opened, closed] = [new Set<Socket>(), new Set<Socket>()]
  const heard = (message: unknown) => {
    const { socket } = message as { socket: Socket }
    opened.add(socket.once('close', () => closed.add(socket)))
  }
  const notes: string[] = []
  subscribe('net.client.socket', heard)
  try {
    const result = await prober(signal, (line) => notes.push(line))
    t.equal(closed.size, opened.size, 'no socket is left open')
    return { ...result, notes, sockets: opened.size }
  } finally {
    unsubscribe('net.client.socket', heard)
  }
}

/** Looks once at a target, for a while. */
export function lookAt<K extends BackendProbeKind>(
  t: Test,
  target: BackendTarget<K>,
  withinMs = PATIENCE_MS,
  tools: Tools = TOOLS,
): Promise<Looked> {
  return run(t, backendProber(target, tools), AbortSignal.timeout(withinMs))
}

/** Where a port of this machine is. */
export function local(port: number, host = '127.0.0.1'): Endpoint {
  return { host, port, family: 'any' }
}

/** `GET /` that expects 2xx, with changes. */
export function http(changes: Partial<HttpSettings> = {}): HttpSettings {
  return {
    version: 'http/1.1',
    method: 'GET',
    path: '/',
    expectStatus: [[200, 299]],
    maxBodyBytes: 100_000,
    maxRedirects: 0,
    ...changes,
  }
}

/** A file of test/fixtures/tls. */
export function tlsFile(name: string): string {
  return join(FIXTURES, 'tls', `${name}.pem`)
}

/** TLS that trusts the test's authority, with changes. */
export function tls(changes: Partial<TlsSettings> = {}): TlsSettings {
  return { verify: true, caFile: tlsFile('ca'), ...changes }
}

/** Tools with a machine of their own. */
export function toolsWith(names: NameFiles): Tools {
  return { ...TOOLS, names }
}

/** How each kind of backend is looked at: one line registers one. */
import { httpProber } from './http.ts'
import type { Prober } from './prober.ts'
import type { BackendProbeKind, BackendTarget } from './target.ts'
import { tcpProber } from './tcp.ts'
import { tlsProber } from './tls.ts'
import { TOOLS, type Tools } from './tools.ts'

type Probers = {
  readonly [K in BackendProbeKind]: (target: BackendTarget<K>, tools: Tools) => Prober
}

const PROBERS: Probers = {
  http: httpProber,
  tcp: tcpProber,
  tls: tlsProber,
}

/** The prober of a target. It is cheap to make, holds nothing open between looks, and can be dropped at any time. */
export function backendProber<K extends BackendProbeKind>(
  target: BackendTarget<K>,
  tools: Tools = TOOLS,
): Prober {
  return PROBERS[target.kind](target, tools)
}

/** Backends that a balancer names: which of them are probed, under which name, and why others are not. */
import { isIP } from 'node:net'
import type { Upstream } from '../../qlog-parsers/index.ts'
import type { DiscoveryRefusal } from '../collectors/probing.ts'
import { fillProbeUrl, type ProbeUrl } from '../config/probe-url.ts'
import type { BackendConfig } from '../config/schema.ts'

/** Of one source, at most. */
export const MOST_DISCOVERED = 1000

/** Names become values of a label: what a balancer calls its servers, and addresses. */
const NAME = /^(?!other$)[A-Za-z0-9_.:/[\]-]{1,100}$/
const NOWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** What one source names. */
export interface Discovery {
  readonly targets: readonly { readonly name: string; readonly url: ProbeUrl }[]
  readonly refused: Readonly<Record<DiscoveryRefusal, number>>
}

/**
 * `pattern`: a URL with `*` in the place of an address. A backend that lists the server's name or address as its
 * own is that one, and if it says itself how it is probed, it is not discovered.
 */
export function discover(
  upstreams: readonly Upstream[],
  pattern: string,
  backends: readonly BackendConfig[],
): Discovery {
  const refused = { limit: 0, address: 0, name: 0, duplicate: 0 }
  const targets = new Map<string, ProbeUrl>()
  for (const { name: written, address } of upstreams) {
    const known = configured(backends, written, address)
    if (known?.probe !== undefined) continue
    const url = fillProbeUrl(pattern, address)
    const name = known?.name ?? written
    if (url === undefined || (isIP(url.host) !== 0 && NOWHERE.has(url.host))) refused.address += 1
    else if (known === undefined && !NAME.test(name)) refused.name += 1
    else if (targets.has(name)) refused.duplicate += isSame(targets.get(name), url) ? 0 : 1
    else if (targets.size >= MOST_DISCOVERED) refused.limit += 1
    else targets.set(name, url)
  }
  return { targets: Array.from(targets, ([name, url]) => ({ name, url })), refused }
}

function configured(
  backends: readonly BackendConfig[],
  name: string,
  address: string,
): BackendConfig | undefined {
  const wanted = [name.toLowerCase(), address.toLowerCase()]
  return backends.find((backend) =>
    [backend.name, ...backend.aliases].some((alias) => wanted.includes(alias.toLowerCase())),
  )
}

function isSame(one: ProbeUrl | undefined, other: ProbeUrl): boolean {
  return one?.host === other.host && one.port === other.port
}

/** Backends that a balancer names: which of them are probed, under which name, and why others are not. */
import type { Upstream } from '../../qlog-parsers/index.ts'
import { type BackendNames, OTHER_BACKEND } from '../collectors/backend-names.ts'
import type { DiscoveryRefusal } from '../collectors/probing.ts'
import { fillProbeUrl, type ProbeUrl } from '../config/probe-url.ts'

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

/** How what one source names is probed, and what others say of the same names. */
export interface DiscoveryRules {
  /** A URL with `*` in the place of an address. */
  readonly pattern: string
  /** Whether such a URL can be probed as is wanted. */
  readonly fits: (url: ProbeUrl) => boolean
  /** Backends of the configuration. */
  readonly backends: BackendNames
  /** Names that the configuration or a file says how to probe: those are not discovered. */
  readonly taken: ReadonlySet<string>
  /** Names that are no backend's. */
  readonly foreign: ReadonlySet<string>
  /** What earlier sources named. */
  readonly named: ReadonlyMap<string, { readonly url: ProbeUrl }>
}

/** A backend that lists the server's name or address as its own is that one. */
export function discover(
  upstreams: readonly Upstream[],
  { pattern, fits, backends, taken, foreign, named }: DiscoveryRules,
): Discovery {
  const refused = { limit: 0, address: 0, name: 0, duplicate: 0 }
  const targets = new Map<string, ProbeUrl>()
  for (const { name: written, address } of upstreams) {
    const own = [written, address].map((one) => backends.of(one))
    const owner = own.find((one) => one !== OTHER_BACKEND)
    const name = owner ?? written
    if (taken.has(name)) continue
    const url = fillProbeUrl(pattern, address)
    const known = targets.get(name) ?? named.get(name)?.url
    if (url === undefined || NOWHERE.has(url.host) || !fits(url)) refused.address += 1
    else if ((owner === undefined && !NAME.test(name)) || foreign.has(name)) refused.name += 1
    else if (known !== undefined && !isSame(known, url)) refused.duplicate += 1
    else if (targets.has(name) || targets.size < MOST_DISCOVERED) targets.set(name, url)
    else refused.limit += 1
  }
  return { targets: Array.from(targets, ([name, url]) => ({ name, url })), refused }
}

function isSame(one: ProbeUrl, other: ProbeUrl): boolean {
  return one.host === other.host && one.port === other.port
}

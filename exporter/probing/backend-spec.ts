/** A backend that is probed, from whatever names it: what is asked, how often, what it takes to be up. */
import { isIP } from 'node:net'
import type { ProbeUrl } from '../config/probe-url.ts'
import type { Config, ModuleConfig } from '../config/schema.ts'
import type { ProbeFailure, ProbePhase } from '../probers/prober.ts'
import type { BackendTarget } from '../probers/target.ts'

export interface BackendSpec {
  readonly name: string
  readonly url: ProbeUrl
  readonly target: BackendTarget
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly rise: number
  readonly fall: number
}

/** Of `BackendSpec` what has defaults in `probes`. */
export type ProbeTimes = Pick<BackendSpec, 'intervalMs' | 'timeoutMs' | 'rise' | 'fall'>

export function backendSpec(
  name: string,
  url: ProbeUrl,
  module: ModuleConfig,
  { intervalMs, timeoutMs, rise, fall }: ProbeTimes,
): BackendSpec {
  return { name, url, target: targetOf(url, module), intervalMs, timeoutMs, rise, fall }
}

/** What a prober needs to know of a URL and a module. */
export function targetOf(url: ProbeUrl, { family, http, tls }: ModuleConfig): BackendTarget {
  const { scheme, host, port, path } = url
  const endpoint = { host, port, family }
  if (scheme === 'tcp') return { kind: 'tcp', endpoint }
  if (scheme === 'tls') return { kind: 'tls', endpoint, tls }
  const asked = { kind: 'http', endpoint, http: { ...http, path } } as const
  return scheme === 'https' ? { ...asked, tls } : asked
}

/** The backends that the configuration itself says how to probe. */
export function configuredSpecs(
  { backends, probes }: Pick<Config, 'backends' | 'probes'>,
  moduleOf: (name: string | undefined) => ModuleConfig | undefined,
): readonly BackendSpec[] {
  return backends.flatMap(({ name, probe, module: moduleName, ...own }) => {
    const module = moduleOf(moduleName)
    if (probe === undefined || module === undefined) return []
    return [backendSpec(name, probe, module, { ...probes, ...own })]
  })
}

/** What a probe of this target spends its time on. An address is not resolved. */
export function possiblePhases(target: BackendTarget): readonly ProbePhase[] {
  return [
    ...(isIP(target.endpoint.host) === 0 ? (['resolve'] as const) : []),
    'connect',
    ...(speaksTls(target) ? (['tls'] as const) : []),
    ...(target.kind === 'http' ? (['processing'] as const) : []),
  ]
}

/** Why a probe of this target can fail; no other reason ever comes of it. */
export function possibleFailures(target: BackendTarget): readonly ProbeFailure[] {
  const failures: ProbeFailure[] = ['timeout', 'refused']
  if (isIP(target.endpoint.host) === 0) failures.push('dns')
  if (speaksTls(target)) failures.push('tls')
  if (target.kind === 'http') {
    failures.push('status', 'protocol')
    if (target.http.expectBody !== undefined) failures.push('body')
  }
  return [...failures, 'other']
}

function speaksTls(target: BackendTarget): boolean {
  return target.kind === 'tls' || (target.kind === 'http' && target.tls !== undefined)
}

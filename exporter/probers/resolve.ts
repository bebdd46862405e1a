/**
 * From a name to the address that is connected to: the hosts file, then name servers, as resolv.conf(5) orders.
 * Not with getaddrinfo: it holds one of the few threads that files are read with for as long as a dead server
 * does not answer. Every call asks anew.
 */
import { promises as dns } from 'node:dns'
import { isIP } from 'node:net'
import { canBeBackend } from './addresses.ts'
import { ProbeError } from './failure.ts'
import type { NameFiles, ResolverSettings } from './name-files.ts'
import type { AddressFamily, Endpoint } from './prober.ts'

/** A name is not there, or has no address of this family: the next of the search list is tried. */
const NOT_THERE: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])
/** As above, but it might be there: what is told if no other is. */
const FAILED = 'ESERVFAIL'

/**
 * The address to connect to: of several the first that may be, IPv4 before IPv6. An address that was written as one
 * is taken as it is. Rejects with a `ProbeError`: `dns`, or `timeout` when the signal ends it.
 */
export async function resolve(
  { host, family }: Pick<Endpoint, 'host' | 'family'>,
  signal: AbortSignal,
  names: NameFiles,
): Promise<string> {
  if (isIP(host) !== 0) {
    if (!isOf(family, host)) throw new ProbeError('dns', `${host} is no ${family} address`)
    return host
  }
  const known = local(host, family, names)
  const found = known.length > 0 ? known : await ask(host, family, signal, names.resolver)
  const address = found.find(canBeBackend)
  if (address !== undefined) return address
  throw new ProbeError('dns', `${host} is ${found.join(', ')}: no backend can be there`)
}

/** What needs no name server. */
function local(host: string, family: AddressFamily, names: NameFiles): readonly string[] {
  const written = names.addressesOf(host.replace(/\.$/, ''))
  // Every name below localhost is this machine, whether a file says so or not (RFC 6761 §6.3).
  const isLocalhost = written.length === 0 && /(^|\.)localhost\.?$/i.test(host)
  const addresses = isLocalhost ? ['127.0.0.1', '::1'] : written
  return addresses
    .filter((address) => isOf(family, address))
    .toSorted((one, other) => isIP(one) - isIP(other))
}

/** Asks for one name after the other until one has addresses. */
async function ask(
  host: string,
  family: AddressFamily,
  signal: AbortSignal,
  settings: ResolverSettings,
): Promise<readonly string[]> {
  const { timeoutMs: timeout, tries, servers } = settings
  // One for each look: cancelling one ends all that it is asked.
  const resolver = new dns.Resolver({ timeout, tries })
  if (servers.length > 0) resolver.setServers(servers)
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  let why = ''
  try {
    for (const name of candidates(host, settings)) {
      if (signal.aborted) break
      try {
        return await addresses(resolver, name, family)
      } catch (error) {
        if (signal.aborted) break
        const code = codeOf(error)
        why ||= `${name}: ${code}`
        if (code === FAILED) why = `${name}: ${code}`
        else if (!NOT_THERE.has(code)) throw new ProbeError('dns', `${name}: ${code}`)
      }
    }
  } finally {
    signal.removeEventListener('abort', cancel)
  }
  if (signal.aborted) throw new ProbeError('timeout', `${host} was not resolved in time`)
  throw new ProbeError('dns', why)
}

/** Names to ask for, in order. */
function candidates(host: string, { search, ndots }: ResolverSettings): string[] {
  if (host.endsWith('.')) return [host]
  const searched = search.filter((domain) => domain !== '.').map((domain) => `${host}.${domain}`)
  const dots = host.split('.').length - 1
  return dots >= ndots ? [host, ...searched] : [...searched, host]
}

async function addresses(
  resolver: dns.Resolver,
  name: string,
  family: AddressFamily,
): Promise<string[]> {
  if (family === 'ipv6') return resolver.resolve6(name)
  try {
    return await resolver.resolve4(name)
  } catch (error) {
    if (family === 'ipv4' || codeOf(error) !== 'ENODATA') throw error
    return resolver.resolve6(name)
  }
}

function isOf(family: AddressFamily, address: string): boolean {
  return family === 'any' || isIP(address) === (family === 'ipv4' ? 4 : 6)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

/** What the machine knows of names: its hosts file and its `resolv.conf`, read again when they change. */
import { readFileSync, statSync } from 'node:fs'
import { isIP } from 'node:net'

/** What `resolv.conf` says (resolv.conf(5)). */
export interface ResolverSettings {
  /** Addresses, also with a port; none: what the system says. */
  readonly servers: readonly string[]
  /** Domains that a short name is tried in. */
  readonly search: readonly string[]
  /** A name with as many dots is tried as it is first. */
  readonly ndots: number
  /** How long a server has to answer, and how often all are asked. */
  readonly timeoutMs: number
  readonly tries: number
}

/** A file that was understood; `stamp` says which one it was. */
interface Read<T> {
  readonly stamp: string
  readonly value: T
}

/** A server that is dead must leave a probe time for the next one: less patience than resolv.conf(5) has. */
const DEFAULTS: ResolverSettings = { servers: [], search: [], ndots: 1, timeoutMs: 1000, tries: 2 }
const MOST_NDOTS = 15

/** Of one machine; shared by all probers. A file that cannot be read is one that says nothing. */
export class NameFiles {
  readonly #hostsFile: string
  readonly #resolverFile: string
  #hosts: Read<ReadonlyMap<string, readonly string[]>> | undefined
  #resolver: Read<ResolverSettings> | undefined

  constructor(hostsFile = '/etc/hosts', resolverFile = '/etc/resolv.conf') {
    this.#hostsFile = hostsFile
    this.#resolverFile = resolverFile
  }

  /** Addresses of a name in the hosts file; none if it is not there. */
  addressesOf(name: string): readonly string[] {
    this.#hosts = current(this.#hostsFile, this.#hosts, parseHosts)
    return this.#hosts.value.get(name.toLowerCase()) ?? []
  }

  get resolver(): ResolverSettings {
    this.#resolver = current(this.#resolverFile, this.#resolver, parseResolver)
    return this.#resolver.value
  }
}

/** Of this machine. */
export const SYSTEM_NAMES = new NameFiles()

// Two calls of the system that wait for no disk, rather than two of the four threads that files are read with.
function current<T>(path: string, known: Read<T> | undefined, parse: (text: string) => T): Read<T> {
  try {
    const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path)
    const stamp = [dev, ino, size, mtimeMs, ctimeMs].join()
    if (stamp === known?.stamp) return known
    return { stamp, value: parse(readFileSync(path, 'utf8')) }
  } catch {
    return { stamp: '', value: parse('') }
  }
}

function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>()
  for (const [address = '', ...names] of words(text, /#.*/)) {
    if (isIP(address) === 0) continue
    for (const name of names) {
      const key = name.toLowerCase()
      const known = hosts.get(key)
      if (known === undefined) hosts.set(key, [address])
      else known.push(address)
    }
  }
  return hosts
}

function parseResolver(text: string): ResolverSettings {
  const servers: string[] = []
  let settings = DEFAULTS
  for (const [keyword, ...values] of words(text, /^\s*[#;].*/)) {
    const [first] = values
    if (keyword === 'nameserver' && isServer(first)) servers.push(first)
    // The last of these counts.
    if (keyword === 'search' || keyword === 'domain') settings = { ...settings, search: values }
    if (keyword === 'options') settings = values.reduce(withOption, settings)
  }
  return { ...settings, servers }
}

function isServer(written: string | undefined): written is string {
  const [, bracketed, plain] = /^(?:\[(.*)\](?::\d+)?|([^:]+):\d+)$/.exec(written ?? '') ?? []
  return isIP(bracketed ?? plain ?? written ?? '') !== 0
}

function withOption(settings: ResolverSettings, option: string): ResolverSettings {
  const [, name, digits] = /^(ndots|timeout|attempts):(\d+)$/.exec(option) ?? []
  const value = Number(digits)
  if (name === 'ndots') return { ...settings, ndots: Math.min(value, MOST_NDOTS) }
  if (name === 'timeout' && value > 0) return { ...settings, timeoutMs: value * 1000 }
  if (name === 'attempts' && value > 0) return { ...settings, tries: value }
  return settings
}

function words(text: string, comment: RegExp): string[][] {
  return text.split('\n').map((line) => line.replace(comment, '').trim().split(/\s+/))
}

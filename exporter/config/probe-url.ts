import { isIPv6 } from 'node:net'

/** What is probed, and how. */
export interface ProbeUrl {
  readonly scheme: ProbeScheme
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** With the query; `/` where the scheme has none. */
  readonly path: string
}

export type ProbeScheme = 'http' | 'https' | 'tcp' | 'tls'

/** Message for a URL of any other form. */
export const PROBE_URL_REQUIREMENT =
  'must be http://HOST/PATH, https://HOST/PATH, tcp://HOST:PORT or tls://HOST:PORT'

const SCHEMES: Readonly<Record<ProbeScheme, number | undefined>> = {
  http: 80,
  https: 443,
  tcp: undefined,
  tls: undefined,
}
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$/
/** Printable, without what begins a fragment. */
const PATH = /^[/?][!-"$-~]*$/
const LONGEST_PATH = 2000

/** The parts of a URL that can be probed, or undefined. */
export function parseProbeUrl(written: string): ProbeUrl | undefined {
  const [, scheme = '', authority = '', rest = ''] =
    /^(https?|tcp|tls):\/\/([^/?#@\s]+)(.*)$/s.exec(written) ?? []
  if (!isScheme(scheme)) return undefined
  const place = parseHostPort(authority, SCHEMES[scheme])
  if (place === undefined) return undefined
  const isHttp = scheme === 'http' || scheme === 'https'
  if (!isHttp) return rest === '' ? { scheme, ...place, path: '/' } : undefined
  if (rest.length > LONGEST_PATH || (rest !== '' && !PATH.test(rest))) return undefined
  return { scheme, ...place, path: rest.startsWith('/') ? rest : `/${rest}` }
}

/** Host and port of `HOST:PORT` or `[IPV6]:PORT`; of `HOST` alone if there is a usual port. */
export function parseHostPort(
  written: string,
  usualPort?: number,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(written)
  if (match === null) return undefined
  const [, ipv6, name, digits] = match
  const port = digits === undefined ? usualPort : Number(digits)
  if (port === undefined || port < 1 || port > 65_535) return undefined
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined
  return name !== undefined && HOST_NAME.test(name) ? { host: name, port } : undefined
}

/** The URL with an address in the place of its `*`; undefined if that makes no URL to probe. */
export function fillProbeUrl(pattern: string, address: string): ProbeUrl | undefined {
  const place = parseHostPort(address)
  if (place === undefined || !pattern.includes('://*')) return undefined
  return parseProbeUrl(pattern.replace('://*', () => `://${address}`))
}

function isScheme(text: string): text is ProbeScheme {
  return Object.hasOwn(SCHEMES, text)
}

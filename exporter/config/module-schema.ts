import { z } from 'zod'
import { parseStatuses, type StatusRange } from './status-ranges.ts'
import { choice, size, text, yesNo } from './values.ts'

/** What the name of a module looks like. */
export const MODULE_NAME_PATTERN = /^[A-Za-z0-9_-]{1,40}$/

/** The module of those that name none. */
export const DEFAULT_MODULE = 'default'

/** Redirects that are followed if any is. */
const MOST_REDIRECTS = 5

const STATUSES = 'must be a status such as 204, a class such as 2xx, or a range such as 200-299'

function statuses() {
  return z
    .union([z.int(), z.string()], { error: STATUSES })
    .transform((written, context): StatusRange => {
      const range = parseStatuses(String(written))
      if (range !== undefined) return range
      context.issues.push({ code: 'custom', message: STATUSES, input: written })
      return z.NEVER
    })
}

function file() {
  return text(/^[^~\0][^\0]*$/, 'must be a PEM file, without ~').optional()
}

function hostName() {
  return text(/^[A-Za-z0-9_.:[\]-]{1,253}$/, 'must be a host name, or HOST:PORT').optional()
}

/** One entry of `modules`. */
export const moduleSchema = z
  .strictObject({
    name: text(
      MODULE_NAME_PATTERN,
      'must be 1 to 40 letters, digits, underscores and hyphens',
    ).meta({
      description: 'What backends call it in `module`.',
      details: 'Unique. `default` holds for those that name none.',
      flag: false,
    }),
    // YAML takes both for numbers.
    http_version: z
      .union([z.literal([1.1, 2]), z.literal(['1.1', '2'])], { error: 'must be 1.1 or 2' })
      .default('1.1')
      .meta({
        description: 'Version of HTTP that is spoken.',
        limits: '`1.1` or `2`',
        details: '2 by ALPN with `https://`, and with prior knowledge without TLS.',
        flag: false,
      }),
    method: choice(['GET', 'HEAD', 'POST']).default('GET').meta({
      description: 'Method of the request; POST has an empty body.',
      flag: false,
    }),
    host: hostName().meta({
      description: 'Value of `Host`, if it is not that of the URL.',
      flag: false,
    }),
    expect_status: z.array(statuses()).min(1).prefault(['2xx', '3xx']).meta({
      description: 'Statuses of a healthy backend: `204`, `2xx`, `200-299`.',
      flag: false,
    }),
    expect_body: text(/^[^\0]{1,1000}$/s, 'must be text of 1 to 1000 characters')
      .optional()
      .meta({
        description: 'Text that the body of a healthy backend holds.',
        details: 'Letter by letter: no pattern.',
        flag: false,
      }),
    max_body: size(0, 16 * 2 ** 20)
      .prefault('64KiB')
      .meta({
        description: 'How much of a body is read at most.',
        details: 'The text must stand in it; without one a longer body does no harm.',
        flag: false,
      }),
    follow_redirects: yesNo()
      .default(false)
      .meta({
        description: 'Follow redirects that stay at the backend.',
        details: `${MOST_REDIRECTS} at most. Otherwise a redirect is a status like any other.`,
        flag: false,
      }),
    address_family: choice(['any', 'ipv4', 'ipv6']).default('any').meta({
      description: 'Addresses of a name that are used.',
      details: '`any`: IPv4 if there is one, else IPv6.',
      flag: false,
    }),
    ca_file: file().meta({
      description: 'Authorities that certificates must come from, in place of the usual ones.',
      flag: false,
    }),
    cert_file: file().meta({
      description: 'Certificate that is shown to a backend that asks for one.',
      details: 'Needs `key_file`. Files are read again when they change.',
      flag: false,
    }),
    key_file: file().meta({ description: 'Its key.', flag: false }),
    server_name: text(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/, 'must be a host name')
      .optional()
      .meta({
        description: 'Name in the TLS handshake, which the certificate must have.',
        details: 'Without one, the host of the URL.',
        flag: false,
      }),
    insecure_skip_verify: yesNo().default(false).meta({
      description: 'Take any certificate.',
      details: 'Its end is on the page all the same.',
      flag: false,
    }),
  })
  .transform((module) => ({
    name: module.name,
    family: module.address_family,
    http: {
      version: String(module.http_version) === '2' ? ('h2' as const) : ('http/1.1' as const),
      method: module.method,
      expectStatus: module.expect_status,
      maxBodyBytes: module.max_body,
      maxRedirects: module.follow_redirects ? MOST_REDIRECTS : 0,
      ...(module.host === undefined ? {} : { hostHeader: module.host }),
      ...(module.expect_body === undefined ? {} : { expectBody: module.expect_body }),
    },
    tls: {
      verify: !module.insecure_skip_verify,
      ...(module.ca_file === undefined ? {} : { caFile: module.ca_file }),
      ...(module.cert_file === undefined ? {} : { certFile: module.cert_file }),
      ...(module.key_file === undefined ? {} : { keyFile: module.key_file }),
      ...(module.server_name === undefined ? {} : { serverName: module.server_name }),
    },
  }))

/** Keys that say something of HTTP only. */
export const HTTP_KEYS = [
  'http_version',
  'method',
  'host',
  'expect_status',
  'expect_body',
  'max_body',
  'follow_redirects',
] as const

/** Keys that say something of TLS only. */
export const TLS_KEYS = [
  'ca_file',
  'cert_file',
  'key_file',
  'server_name',
  'insecure_skip_verify',
] as const

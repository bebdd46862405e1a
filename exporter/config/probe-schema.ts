import { z } from 'zod'
import { MODULE_NAME_PATTERN } from './module-schema.ts'
import { parseHostPort } from './probe-url.ts'
import { probeUrl } from './probe-value.ts'
import { choice, duration, text, wholeNumber } from './values.ts'

/** Rungs of the ladder of QUIC probes, from the cheapest up. */
export const PROBE_RUNGS = ['version_negotiation', 'initial'] as const

const COMPARE_REQUIREMENT = 'must be https://HOST/PATH'

/** Milliseconds between two probes. */
export function probeInterval() {
  return duration(1000, 3_600_000)
}

/** Milliseconds that a probe may take. */
export function probeTimeout() {
  return duration(10, 60_000)
}

/** Results in a row. */
export function inARow() {
  return wholeNumber(1, 100)
}

/** The name of a module. */
export function moduleName() {
  return text(MODULE_NAME_PATTERN, 'must be the name of a module')
}

/** The section `probes`. */
export const probesSchema = z
  .strictObject({
    interval: probeInterval().prefault('15s').meta({
      description: 'Time between two probes of a backend or front door.',
    }),
    timeout: probeTimeout().prefault('3s').meta({
      description: 'Time after which a probe has failed; less than the interval.',
    }),
    rise: inARow().default(2).meta({
      description: 'Good probes in a row after which a backend is up.',
    }),
    fall: inARow().default(3).meta({
      description: 'Failed probes in a row after which a backend is down.',
    }),
    max_concurrent: wholeNumber(1, 10_000).default(512).meta({
      description: 'Probes at once, at most.',
      details:
        'Enough for 2,000 backends that all never answer, at 15s and 3s. What is due waits for a place.',
    }),
    targets_files: z
      .array(
        text(
          /^[^~*\0][^*\0]*\.(?:json|ya?ml)$/,
          'must be a .json, .yml or .yaml file, without ~ and *',
        ),
      )
      .default([])
      .meta({
        description: 'Files that name more backends, in the form of Prometheus `file_sd`.',
        details:
          'A list of `targets` (URLs, or `HOST:PORT` for HTTP) and `labels`: `backend` is its name, ' +
          '`module` its module. They are read again when they change.',
        flag: false,
      }),
  })
  .transform((probes) => ({
    intervalMs: probes.interval,
    timeoutMs: probes.timeout,
    rise: probes.rise,
    fall: probes.fall,
    maxConcurrent: probes.max_concurrent,
    targetsFiles: probes.targets_files,
  }))

const address = z.string({ error: 'must be HOST:PORT' }).transform((written, context) => {
  const place = parseHostPort(written)
  if (place !== undefined) return place
  context.issues.push({
    code: 'custom',
    message: 'must be HOST:PORT or [IPV6]:PORT',
    input: written,
  })
  return z.NEVER
})

/** One entry of `targets`. */
export const targetSchema = z
  .strictObject({
    name: text(/^[A-Za-z0-9_.:-]{1,60}$/, 'must be 1 to 60 letters, digits, _ . : and -').meta({
      description: 'Value of the label `target`.',
      details: 'Unique, also among the names of backends.',
      flag: false,
    }),
    address: address.meta({
      description: 'Where QUIC is spoken, `HOST:PORT` of UDP.',
      flag: false,
    }),
    server_name: text(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/, 'must be a host name')
      .optional()
      .meta({
        description: 'Name in the handshake.',
        details: 'Without one, the host of the address, and none if that is no name.',
        flag: false,
      }),
    probes: z
      .array(choice(PROBE_RUNGS))
      .min(1)
      .default([...PROBE_RUNGS])
      .meta({
        description: 'What it is asked.',
        details: 'See [quic-probes.md](quic-probes.md).',
        flag: false,
      }),
    quic_version: wholeNumber(1, 2).default(1).meta({
      description: 'Version of QUIC that the Initial packet is of.',
      flag: false,
    }),
    interval: probeInterval().optional().meta({
      description: 'Time between two rounds, if it is not `probes.interval`.',
      flag: false,
    }),
    timeout: probeTimeout().optional().meta({
      description: 'Time after which a probe has failed, if it is not `probes.timeout`.',
      flag: false,
    }),
    compare: probeUrl(COMPARE_REQUIREMENT, ({ scheme }) => scheme === 'https')
      .optional()
      .meta({
        description: 'URL that HTTP/1.1 and HTTP/2 are compared at, at the same moments.',
        flag: false,
      }),
    compare_module: moduleName().optional().meta({
      description: 'How that is asked; its version of HTTP has no meaning.',
      flag: false,
    }),
  })
  .transform(
    ({
      server_name: serverName,
      quic_version: quicVersion,
      interval: intervalMs,
      timeout: timeoutMs,
      compare_module: compareModule,
      compare,
      ...same
    }) => ({
      ...same,
      quicVersion: quicVersion === 2 ? (2 as const) : (1 as const),
      ...(serverName === undefined ? {} : { serverName }),
      ...(intervalMs === undefined ? {} : { intervalMs }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(compare === undefined ? {} : { compare }),
      ...(compareModule === undefined ? {} : { compareModule }),
    }),
  )

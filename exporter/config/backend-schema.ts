import { z } from 'zod'
import { inARow, moduleName, probeInterval, probeTimeout } from './probe-schema.ts'
import { PROBE_URL_REQUIREMENT } from './probe-url.ts'
import { probeUrl } from './probe-value.ts'
import { text } from './values.ts'

/** What a backend's name looks like: it becomes the value of the label `backend`. */
export const BACKEND_NAME_PATTERN = /^(?!other$)[A-Za-z0-9_.:-]{1,60}$/

/** Message for a name of any other form. */
export const BACKEND_NAME_REQUIREMENT =
  'must be 1 to 60 letters, digits, _ . : and -, but not "other" alone'

/** One entry of `backends`. */
export const backendSchema = z
  .strictObject({
    name: text(BACKEND_NAME_PATTERN, BACKEND_NAME_REQUIREMENT).meta({
      description: 'Value of the label `backend`.',
      details:
        'Unique. It also stands for itself in logs. Other names count from the next start on, and ' +
        'the metrics with this label then begin at 0.',
      flag: false,
    }),
    aliases: z
      .array(
        text(/^[^\s\0]{1,200}$/, 'must be a name or an address as a log has it, without blanks'),
      )
      .default([])
      .meta({
        description:
          "Addresses (`HOST:PORT`) and proxies' own names (`app/b1`) that it has in logs.",
        details: 'What no backend lists is counted as `other`.',
        flag: false,
      }),
    probe: probeUrl(PROBE_URL_REQUIREMENT).optional().meta({
      description: 'URL by which it is probed: `http://`, `https://`, `tcp://` or `tls://`.',
      details:
        'Without one it is not probed. No user, no password. [probes.md](probes.md) is the guide.',
      flag: false,
    }),
    module: moduleName().optional().meta({
      description: 'Name of an entry of `modules`: what is asked and expected.',
      flag: false,
    }),
    interval: probeInterval().optional().meta({
      description: 'Time between two probes, if it is not `probes.interval`.',
      flag: false,
    }),
    timeout: probeTimeout().optional().meta({
      description: 'Time after which a probe has failed, if it is not `probes.timeout`.',
      flag: false,
    }),
    rise: inARow().optional().meta({
      description: 'Good probes in a row until it is up, if not `probes.rise`.',
      flag: false,
    }),
    fall: inARow().optional().meta({
      description: 'Failed ones until it is down, if not `probes.fall`.',
      flag: false,
    }),
  })
  .transform(({ probe, module, interval, timeout, rise, fall, ...same }) => ({
    ...same,
    ...(probe === undefined ? {} : { probe }),
    ...(module === undefined ? {} : { module }),
    ...(interval === undefined ? {} : { intervalMs: interval }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(rise === undefined ? {} : { rise }),
    ...(fall === undefined ? {} : { fall }),
  }))

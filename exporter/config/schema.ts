import { z } from 'zod'
import { backendSchema } from './backend-schema.ts'
import { moduleSchema } from './module-schema.ts'
import { probesSchema, targetSchema } from './probe-schema.ts'
import { defaultSourceName, sourceSchema } from './source-schema.ts'
import { choice, duration, listenAddress, size, text, wholeNumber, yesNo } from './values.ts'

const tail = z
  .strictObject({
    watch: yesNo().default(true).meta({
      description: 'Take hints from the file system between two sweeps.',
      details: 'Everything is found without them, one sweep later.',
    }),
    sweep_interval: duration(100, 60_000).prefault('1s').meta({
      description: 'Time between two looks at every directory and file.',
    }),
    rotate_grace: duration(100, 600_000).prefault('5s').meta({
      description: 'Stillness after which a renamed or deleted file is closed.',
    }),
    max_open_files: wholeNumber(16, 1_000_000).default(4096).meta({
      description: 'Files held open at once; still ones are closed first.',
      details: 'A closed file is still watched for growth.',
    }),
    max_record_bytes: size(4096, 64 * 2 ** 20)
      .prefault('1MiB')
      .meta({
        description: 'Longest record; a longer one is skipped and counted.',
      }),
  })
  .transform((tail) => ({
    watch: tail.watch,
    sweepIntervalMs: tail.sweep_interval,
    rotateGraceMs: tail.rotate_grace,
    maxOpenFiles: tail.max_open_files,
    maxRecordBytes: tail.max_record_bytes,
  }))

const storage = z
  .strictObject({
    path: text(/^[^~\0][^\0]*$/, 'must be a directory, without ~')
      .optional()
      .meta({
        description: 'Directory of the state; without it every start counts from 0.',
        details: 'It belongs to one exporter: a second one that is given it ends with exit code 2.',
        placeholder: 'DIR',
      }),
    fsync: choice(['always', 'async', 'never'])
      .default('async')
      .meta({
        description: 'When the state is flushed to the disk.',
        details:
          '`always`: before a scrape is answered; `async`: after it; `never`: when the system likes ' +
          'to. It matters when the host goes down: if only the exporter is killed, nothing is lost.',
      }),
  })
  .transform(({ path, fsync }) => ({ path, fsync }))

const startup = z
  .strictObject({
    max_catchup: duration(0, 3_600_000)
      .prefault('60s')
      .meta({
        description: 'Longest time that a restart refuses scrapes to catch up.',
        details:
          'What was written meanwhile is read first; until then `/metrics` and `/-/ready` answer ' +
          '503. Without a kept state no scrape is refused.',
      }),
  })
  .transform((startup) => ({ maxCatchupMs: startup.max_catchup }))

const shutdown = z
  .strictObject({
    linger: duration(0, 600_000).prefault('0s').meta({
      description: 'Longest wait for one more scrape when told to stop.',
      details: 'For a pod whose state directory goes with it: what was read last is told first.',
    }),
  })
  .transform((shutdown) => ({ lingerMs: shutdown.linger }))

const connections = z.strictObject({
  max: wholeNumber(1, 10_000_000).default(200_000).meta({
    description: 'Connections followed at once.',
    details: 'Beyond it the one that started first is given up and counted.',
  }),
})

const metrics = z
  .strictObject({
    max_series: wholeNumber(100, 1_000_000).default(20_000).meta({
      description: 'Most series of inputs and probes; refusals are counted.',
      details: 'Whether a backend that is probed is up is told all the same.',
    }),
  })
  .transform((metrics) => ({ maxSeries: metrics.max_series }))

const web = z
  .strictObject({
    listen: z.array(listenAddress()).min(1).prefault([':19114']).meta({
      description: 'Addresses to serve on; without a host, every interface.',
      flag: 'web.listen-address',
      placeholder: 'ADDRESS',
    }),
    telemetry_path: text(
      /^\/(?!-\/|probe$)[A-Za-z0-9._~/-]{1,200}$/,
      'must be a path such as /metrics, other than /, /-/… and /probe',
    )
      .default('/metrics')
      .meta({ description: 'Path of the page of metrics.', placeholder: 'PATH' }),
    enable_lifecycle: yesNo().default(false).meta({
      description: 'Let POST or PUT `/-/reload` read the configuration again.',
      details: 'Whoever reaches the port can then ask for it. SIGHUP does the same.',
    }),
  })
  .transform((web) => ({
    listen: web.listen,
    telemetryPath: web.telemetry_path,
    enableLifecycle: web.enable_lifecycle,
  }))

const log = z.strictObject({
  level: choice(['debug', 'info', 'warn', 'error']).default('info').meta({
    description: 'Least severe messages to log.',
  }),
  format: choice(['json', 'logfmt']).default('json').meta({ description: 'Form of a log line.' }),
})

/**
 * Every setting: the shape of the file on the way in, `Config` on the way out. A setting's metadata
 * holds what the command line and the reference need: `description` (one sentence), `details`,
 * `flag` (false for none, left out for the key itself), `env` (further variables), `unit`
 * and `limits` (both from values.ts), `placeholder`.
 */
export const configSchema = z.strictObject({
  sources: z
    .array(sourceSchema)
    .default([])
    .transform((list) =>
      list.map((entry, index) => ({ ...entry, name: entry.name ?? defaultSourceName(index) })),
    )
    .meta({
      description:
        'What to read: a list with one entry for each writer of qlog or of another log. It may be empty if something is probed.',
    }),
  backends: z.array(backendSchema).default([]).meta({
    description:
      'Backends by the names that they get on the page; logs call them differently. They are probed if they say how.',
  }),
  modules: z.array(moduleSchema).default([]).meta({
    description:
      'Ways in which backends are probed: what is asked, and what a healthy one answers.',
  }),
  targets: z.array(targetSchema).default([]).meta({
    description: 'Front doors: where the load balancer itself speaks QUIC. They are probed.',
  }),
  probes: probesSchema
    .prefault({})
    .meta({ description: 'How often is probed, and how many at once.' }),
  tail: tail.prefault({}).meta({ description: 'How files are followed.' }),
  storage: storage.prefault({}).meta({ description: 'What outlives a restart.' }),
  startup: startup.prefault({}).meta({ description: 'A start with a kept state.' }),
  shutdown: shutdown.prefault({}).meta({ description: 'The end.' }),
  connections: connections.prefault({}).meta({ description: 'Bounds on connection state.' }),
  metrics: metrics.prefault({}).meta({ description: 'Bounds on the page.' }),
  web: web.prefault({}).meta({ description: 'The HTTP server.' }),
  log: log.prefault({}).meta({ description: 'Logs, on standard error.' }),
})

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** The whole configuration with all defaults applied: milliseconds, bytes, parsed addresses. */
export type Config = Frozen<z.output<typeof configSchema>>

/** One source of `Config`. */
export type SourceConfig = Config['sources'][number]

/** One backend of `Config`. */
export type BackendConfig = Config['backends'][number]

/** One module of `Config`. */
export type ModuleConfig = Config['modules'][number]

/** One front door of `Config`. */
export type TargetConfig = Config['targets'][number]

import { z } from 'zod'
import { dialects, type FieldMap, logDialects, MAPPED_FIELDS } from '../../qlog-parsers/index.ts'
import { POLL_URL_REQUIREMENT } from './poll-url.ts'
import { moduleName } from './probe-schema.ts'
import { choice, duration, share, text, yesNo } from './values.ts'

/** What a source name looks like: it becomes the value of the label `source`. */
export const SOURCE_NAME_PATTERN = /^[a-z0-9_-]{1,40}$/

/** Message for a source name of any other form. */
export const SOURCE_NAME_REQUIREMENT =
  'must be 1 to 40 characters of a-z, 0-9, underscore and hyphen'

/** The name of a source that was given none, by its place in the list. */
export function defaultSourceName(index: number): string {
  return index === 0 ? 'qlog' : `qlog-${index + 1}`
}

/** Where a record has something. */
function fieldPath() {
  return text(/^[^.\0]{1,100}(\.[^.\0]{1,100}){0,7}$/, 'must be a key, or keys joined by dots')
}

/** One entry of `sources`. */
export const sourceSchema = z
  .strictObject({
    name: text(SOURCE_NAME_PATTERN, SOURCE_NAME_REQUIREMENT).optional().meta({
      description: 'Value of the label `source`.',
      details: 'Unique. Without one: `qlog`, `qlog-2`, … by place in the list.',
      flag: false,
    }),
    paths: z
      .array(text(/^[^~*\0][^*\0]*$/, 'must be a directory or a file, without ~ and *'))
      .min(1)
      .optional()
      .meta({
        description: 'Directories of qlog files, or single files.',
        details:
          'They need not exist yet. Each `--qlog-dir` is a source of its own; given on the ' +
          "command line or in the environment they replace the file's list of sources.",
        flag: 'qlog-dir',
        env: ['QLOG_DIR'],
        placeholder: 'PATH',
      }),
    url: z
      .string({ error: POLL_URL_REQUIREMENT })
      .optional()
      .meta({
        description: 'Where to ask a balancer for its state, in place of `paths`.',
        details:
          '`unix:/PATH` of a socket or `http://HOST:PORT/PATH`, without user and password. With ' +
          '`dialect: haproxy-stats` its runtime socket or its Prometheus page, with ' +
          '`dialect: caddy-admin` its admin API. What is said of files has no effect then.',
        flag: false,
      }),
    poll_interval: duration(1000, 3_600_000).prefault('5s').meta({
      description: 'Time between two questions to `url`.',
      details: 'A question is given up after half of that, and after 5s at most.',
      flag: false,
    }),
    discover: yesNo()
      .default(false)
      .meta({
        description: 'Probe the backends that the balancer names, too.',
        details:
          'Only with `url`, and not with a Prometheus page. A backend that lists the name or address as its own is ' +
          'that one; others are called as the balancer calls them.',
        flag: false,
      }),
    discover_probe: text(
      /^(?:https?:\/\/\*(?:[/?][!-"$-~]{0,1999})?|tcp:\/\/\*|tls:\/\/\*)$/,
      'must be a probe URL with * in place of the address, as http://*/health',
    )
      .default('http://*/')
      .meta({
        description: 'How they are probed; `*` stands for the address.',
        flag: false,
      }),
    discover_module: moduleName().optional().meta({
      description: 'Name of an entry of `modules` for them.',
      flag: false,
    }),
    recursive: yesNo().default(false).meta({
      description: 'Read sub-directories too.',
      flag: 'recursive',
    }),
    include: z
      .array(
        text(/^[^/?[\]{}\0]{1,255}$/, 'must be a file name in which only * is special, without /'),
      )
      .min(1)
      .default(['*.sqlog', '*.qlog'])
      .meta({
        description: 'Names of the files to read in directories.',
        details:
          '`*` stands for any characters; a file given as a path is always read. A directory of logs that ' +
          'are no qlog needs patterns of its own (`access.log`). Finished compressed ' +
          'files are read by patterns that end in `.gz` or `.zst`, in a source of their own.',
        flag: 'include',
        placeholder: 'PATTERN',
      }),
    dialect: choice(['auto', ...[...dialects, ...logDialects].map(({ name }) => name)])
      .default('auto')
      .meta({
        description: 'Which program writes the files, and what.',
        details:
          '`auto` finds out for qlog; every other kind of log must be named. If set, its metrics ' +
          'start at 0 before the first file appears.',
        flag: 'dialect',
        placeholder: 'NAME',
      }),
    fields: z
      .strictObject(Object.fromEntries(MAPPED_FIELDS.map((name) => [name, fieldPath()])))
      .partial()
      .optional()
      .meta({
        description: 'Which key of a record holds what, for `dialect: mapped`.',
        details: `Dotted paths, as \`request.method\`. Known: ${MAPPED_FIELDS.map((name) => `\`${name}\``).join(', ')}.`,
        flag: false,
      }),
    vantage: choice(['server', 'client']).default('server').meta({
      description: 'End of connections to count; the other is skipped.',
      flag: 'vantage',
    }),
    start_at: choice(['end', 'beginning']).default('end').meta({
      description: 'Where to start in files that exist at the very first start.',
      details: 'Files that appear later are read from their beginning.',
      flag: 'start-at',
    }),
    sample_ratio: share().default(1).meta({
      description: 'Share of connections that the proxy writes qlog for.',
      details: 'Exported as it is; below 1 counts stay raw and only ratios compare.',
      flag: 'sample-ratio',
      placeholder: 'RATIO',
    }),
    retention: choice(['keep', 'delete', 'gzip'])
      .default('keep')
      .meta({
        description: 'What to do with a file that is read to its end and closed.',
        details:
          'Needs `storage.path`: a file goes only when a kept state covers it. `gzip` leaves ' +
          '`NAME.gz` in its place. A file given as a path is always kept.',
        flag: 'retention',
      }),
    retention_delay: duration(1000, 90 * 86_400_000)
      .prefault('1h')
      .meta({
        description: 'How long such a file is left alone before that.',
        flag: 'retention-delay',
      }),
    retention_dry_run: yesNo().default(false).meta({
      description: 'Only log what retention would do.',
      flag: 'retention-dry-run',
    }),
  })
  .transform(
    ({
      start_at: startAt,
      sample_ratio: sampleRatio,
      retention: action,
      retention_delay: delayMs,
      retention_dry_run: dryRun,
      fields = {},
      paths = [],
      poll_interval: pollIntervalMs,
      discover,
      discover_probe: probe,
      discover_module: module,
      ...same
    }) => ({
      ...same,
      ...(discover ? { discover: { probe, ...(module === undefined ? {} : { module }) } } : {}),
      paths,
      pollIntervalMs,
      startAt,
      sampleRatio,
      retention: { action, delayMs, dryRun },
      fields: fields as FieldMap,
    }),
  )

import { z } from 'zod'
import { dialects } from '../../qlog-parsers/index.ts'
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
      .meta({
        description: 'Directories of qlog files, or single files.',
        details:
          'They need not exist yet. Each `--qlog-dir` is a source of its own; given on the ' +
          "command line or in the environment they replace the file's list of sources.",
        flag: 'qlog-dir',
        env: ['QLOG_DIR'],
        placeholder: 'PATH',
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
        details: '`*` stands for any characters; a file given as a path is always read.',
        flag: 'include',
        placeholder: 'PATTERN',
      }),
    dialect: choice(['auto', ...dialects.map(({ name }) => name)])
      .default('auto')
      .meta({
        description: 'Which implementation writes the files.',
        details: 'If set, its metrics start at 0 before the first file appears.',
        flag: 'dialect',
        placeholder: 'NAME',
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
      ...same
    }) => ({ ...same, startAt, sampleRatio, retention: { action, delayMs, dryRun } }),
  )

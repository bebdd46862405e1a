import { type Flag, flags } from './flags.ts'

/** How each sub-command is called. */
export const USAGE = `Usage:
  quic-lb-exporter [serve] --qlog-dir PATH [FLAG…]     follow files and serve /metrics
  quic-lb-exporter [serve] --config.file FILE          the same, with more than qlog
  quic-lb-exporter check-config [FLAG…]                say what is wrong with the configuration
  quic-lb-exporter inspect PATH… [--events]            say what is in files
  quic-lb-exporter replay PATH… [--vantage server|client]
                                                       read files to their end, print the page
inspect and replay must be told what a log is if it is no qlog: --dialect NAME, or --config.file
FILE --source NAME for what that file says of the source, and of backends.`

const ENDING = `A switch is turned off by --no-NAME. Every flag of serve has a twin in the environment:
--tail.sweep-interval is QUIC_LB_EXPORTER_TAIL_SWEEP_INTERVAL, a list is separated by commas;
QLOG_DIR works as well. A flag wins over a variable, a variable over the file.`

/** Help for the whole command line, generated from the table of flags. */
export function helpText(): string {
  const groups = new Map<string, Flag[]>()
  for (const flag of flags) {
    const group = groups.get(flag.group)
    if (group === undefined) groups.set(flag.group, [flag])
    else group.push(flag)
  }
  const blocks = [...groups].map(([name, members]) =>
    [`${name}:`, ...members.map(helpLines)].join('\n'),
  )
  const title = 'Prometheus metrics from what QUIC load balancers log.'
  return `${[title, USAGE, ...blocks, ENDING].join('\n\n')}\n`
}

const WIDTH_OF_NAMES = 32

function helpLines({ name, placeholder, help }: Flag): string {
  const usage = `  --${name}${placeholder === '' ? '' : ` ${placeholder}`}`
  return usage.length < WIDTH_OF_NAMES
    ? `${usage.padEnd(WIDTH_OF_NAMES)}${help}`
    : `${usage}\n${' '.repeat(WIDTH_OF_NAMES)}${help}`
}

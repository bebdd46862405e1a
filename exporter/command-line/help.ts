import { type Flag, flags } from './flags.ts'

/** How each sub-command is called. */
export const USAGE = `Usage:
  quic-lb-exporter [serve] --qlog-dir PATH [FLAG…]     follow qlog files and serve /metrics
  quic-lb-exporter check-config [FLAG…]                say what is wrong with the configuration
  quic-lb-exporter inspect PATH… [--events]            say what is in qlog files
  quic-lb-exporter replay PATH… [--source NAME] [--vantage server|client]
                                                       read files to their end, print the page`

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
  const title = 'Prometheus metrics from the qlog files of QUIC load balancers.'
  return `${[title, USAGE, ...blocks, ENDING].join('\n\n')}\n`
}

const WIDTH_OF_NAMES = 32

function helpLines({ name, placeholder, help }: Flag): string {
  const usage = `  --${name}${placeholder === '' ? '' : ` ${placeholder}`}`
  return usage.length < WIDTH_OF_NAMES
    ? `${usage.padEnd(WIDTH_OF_NAMES)}${help}`
    : `${usage}\n${' '.repeat(WIDTH_OF_NAMES)}${help}`
}

import { parseArgs } from 'node:util'
import { milliseconds } from './queries/durations.ts'
import type { Choices } from './queries/variables.ts'

/** What to draw, from where and to where. */
export interface Options {
  /** Dashboards; all that are committed if none is named. */
  readonly files: readonly string[]
  /** A Prometheus to ask; undefined: one with recorded data is set up for it. */
  readonly prometheusUrl: string | undefined
  readonly outDirectory: string
  /** How far back the pictures go, in ms. */
  readonly sinceMs: number
  readonly scrapeMs: number
  readonly choices: Choices
}

/** The text for `--help`. */
export const USAGE = `usage: npm run --prefix scripts/dashboard-render render -- [OPTIONS] [DASHBOARD.json ...]

Draws dashboards, all of dashboards/ if none is named, as PNG 1600 px wide: a preview, not Grafana.

  --out DIR         where NAME.png goes (dashboard-pictures)
  --prometheus URL  asks a running one; without it one is set up with an hour of recorded data
  --since 1h        with --prometheus: how far back from now the pictures go (1h)
  --scrape 5s       with --prometheus: the scrape interval, for $__rate_interval (5s)
  --var NAME=VALUE  chooses a value of a variable; may be repeated
  --help            prints this
`

/** Reads the arguments; undefined for `--help`; throws with a sentence on a wrong one. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'dashboard-pictures' },
      prometheus: { type: 'string' },
      since: { type: 'string', default: '1h' },
      scrape: { type: 'string', default: '5s' },
      var: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    files: positionals,
    prometheusUrl: values.prometheus,
    outDirectory: values.out,
    sinceMs: milliseconds(values.since),
    scrapeMs: milliseconds(values.scrape),
    choices: choicesOf(values.var),
  }
}

function choicesOf(pairs: readonly string[]): Choices {
  const choices: Record<string, string[]> = {}
  for (const pair of pairs) {
    const [, name, value] = /^(\w+)=(.*)$/s.exec(pair) ?? []
    if (name === undefined || value === undefined) throw new Error(`--var: no NAME=VALUE: ${pair}`)
    choices[name] = [...(choices[name] ?? []), value]
  }
  return choices
}

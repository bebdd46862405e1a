import { parseArgs } from 'node:util'
import { didYouMean } from '../../exporter/config/suggest.ts'

/** How to play, what to print instead, or what is wrong with the command line. */
export type Options =
  | { readonly type: 'once' }
  | { readonly type: 'live'; readonly speed: number }
  | { readonly type: 'help' }
  | { readonly type: 'wrong'; readonly text: string }

/** The text for `--help`. */
export const USAGE = `usage: npm run demo [-- OPTIONS]

Plays recorded QUIC connections of Caddy, quiche and ngtcp2 into a temporary directory that the real
exporter watches.

  --live      play in real time until Ctrl-C: what happens on a terminal anyway
  --once      play everything once at full speed, compare the page of metrics with what is true,
              print the table; exit code 1 if a figure is wrong: what happens without a terminal
  --speed N   live, N times as fast as recorded (above 0, at most 100; 1)
  --help      print this
`

const OPTIONS = {
  live: { type: 'boolean' },
  once: { type: 'boolean' },
  speed: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Reads the arguments; without `--live` or `--once` the terminal decides. */
export function readOptions(args: readonly string[], isTerminal: boolean): Options {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: OPTIONS,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') return wrong(`no argument ${token.value} is taken`)
    if (token.kind !== 'option') continue
    const { name, rawName, value } = token
    if (!Object.hasOwn(OPTIONS, name)) {
      const names = Object.keys(OPTIONS).map((known) => `--${known}`)
      return wrong(`unknown option ${rawName}${didYouMean(rawName, names)}`)
    }
    if (name !== 'speed' && value !== undefined) return wrong(`${rawName} takes no value`)
    if (name === 'speed' && !isSpeed(value)) {
      return wrong('--speed takes a number above 0, at most 100')
    }
  }
  if (values.help) return { type: 'help' }
  if (values.live && values.once) return wrong('--live and --once exclude each other')
  if (values.once || !(values.live || isTerminal)) return { type: 'once' }
  return { type: 'live', speed: Number(values.speed ?? 1) }
}

function isSpeed(value: string | undefined): boolean {
  return Number(value) > 0 && Number(value) <= 100
}

function wrong(text: string): Options {
  return { type: 'wrong', text }
}

/** Lines through one dialect of logs that are no qlog: what they say, and how each was taken. */
import {
  Framer,
  LogDecoder,
  type LogEvent,
  type LogState,
  logDialectNamed,
  type RecordOutcome,
} from '../../qlog-parsers/index.ts'

export interface Said {
  readonly events: readonly LogEvent[]
  readonly outcomes: readonly RecordOutcome[]
  /** Times of the lines that have one, Unix µs. */
  readonly times: readonly number[]
  /** Variants that lines showed. */
  readonly variants: readonly (string | undefined)[]
  /** What a later reader would be given, as JSON brings it back. */
  readonly state: LogState
}

const encoder = new TextEncoder()

/** What lines (objects are written as JSON) say; `state`: where an earlier reader stood. */
export function said(
  dialect: string,
  lines: readonly (string | object)[],
  state: LogState = {},
): Said {
  const events: LogEvent[] = []
  const outcomes: RecordOutcome[] = []
  const times: number[] = []
  const variants: (string | undefined)[] = []
  const known = logDialectNamed(dialect)
  if (known === undefined) throw new Error(`no dialect ${dialect}`)
  const decoder = new LogDecoder(
    known,
    { fields: {} },
    {
      log: (event) => events.push(event),
      quic: () => {},
      endpoint: () => {},
      line: (outcome, at) => {
        outcomes.push(outcome)
        if (at !== undefined) times.push(at)
      },
      became: ({ variant }) => {
        if (!variants.includes(variant)) variants.push(variant)
      },
    },
  )
  decoder.resume(state)
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  new Framer(1 << 20, decoder).feed(encoder.encode(`${text.join('\n')}\n`), false)
  const after = JSON.parse(JSON.stringify(decoder.state)) as LogState
  return { events, outcomes, times, variants, state: after }
}

/** The requests among what was said. */
export function requestsOf({ events }: Said) {
  return events.filter((event) => event.type === 'request')
}

/** Lines of HAProxy's log that are text, between those of its log-format. */
import type { LogEvent } from '../log-events.ts'

/** The names of their kinds. */
export const TEXT_LINES = [
  'server_up',
  'server_down',
  'no_server',
  'default_format',
  'connect',
  'notice',
] as const

/** What one says: its kind, and what it reports, if anything. */
export interface TextLine {
  readonly name: (typeof TEXT_LINES)[number]
  readonly event?: LogEvent
}

/** `[WARNING]  (4036) : ` when HAProxy writes it to its standard error too; there may be no process id. */
const ALERT_PREFIX = /^\[(?:NOTICE|WARNING|ALERT|DIAG)\]\s+(?:\(\d+\) )?: /

/** HAProxy's server state messages, those of maintenance and backup servers included. */
const SERVER = /^(?:Backup )?Server (\S+\/\S+) (?:is|was|is going) (UP|DOWN)\b/

const UNREAD: readonly (readonly [pattern: RegExp, name: TextLine['name']])[] = [
  [/^backend '?\S+ has no server available!/, 'no_server'],
  // `option httplog`, `option tcplog` and their kin.
  [/^\S+:\d+ \[\d\d\/[A-Z][a-z]{2}\/\d{4}:[\d:.]+\] /, 'default_format'],
  [/^Connect from \S+:\d+ to /, 'connect'],
]

/** What the text says, or undefined if that is not known. */
export function textLine(text: string): TextLine | undefined {
  const message = text.replace(ALERT_PREFIX, '')
  const server = SERVER.exec(message)
  if (server !== null) {
    const [, backend = '', state] = server
    const up = state === 'UP'
    const event = { type: 'backend_reported', backend, up } as const
    return { name: up ? 'server_up' : 'server_down', event }
  }
  const known = UNREAD.find(([pattern]) => pattern.test(message))
  if (known !== undefined) return { name: known[1] }
  return message === text ? undefined : { name: 'notice' }
}

/** What happens in the stand's hour: which recordings are played when. All of them are in the fixtures. */

/** What the hour is about at a moment. */
export type Mood = 'calm' | 'moving' | 'lossy' | 'failing'

/** The mood at a share of the hour, 0 to 1. */
export function moodAt(share: number): Mood {
  if (share < 0.3) return 'calm'
  if (share < 0.48) return 'moving'
  if (share < 0.66) return 'lossy'
  if (share < 0.84) return 'failing'
  return 'calm'
}

/** A source of qlog files, one file for each connection. */
export interface QlogPart {
  readonly source: string
  /** Folder under test/fixtures; its recordings by mood, by the name without `.sqlog`. */
  readonly folder: string
  readonly recordings: Readonly<Partial<Record<Mood, readonly string[]>>>
  /** New connections per minute. */
  readonly perMinute: number
}

const CONNECTIONS: QlogPart['recordings'] = {
  calm: ['clean', 'clean', 'clean', 'idle-timeout'],
  moving: ['client-natrebind', 'client-migrate', 'rebind2', 'clean'],
  lossy: ['loss5', 'reorder', 'pathval-fails', 'blackhole', 'client-vanish', 'clean'],
}

export const QLOG_PARTS: readonly QlogPart[] = [
  { source: 'caddy-qlog', folder: 'quic-go', recordings: CONNECTIONS, perMinute: 12 },
  {
    source: 'quiche-qlog',
    folder: 'quiche',
    recordings: { ...CONNECTIONS, calm: ['clean', 'synthetic-bbr2', 'idle-timeout'] },
    perMinute: 4,
  },
  { source: 'ngtcp2-qlog', folder: 'ngtcp2', recordings: CONNECTIONS, perMinute: 4 },
]

/** A source of one log file that is written line by line, over and over. */
export interface LogPart {
  readonly source: string
  readonly dialect: string
  /** Paths under test/fixtures. */
  readonly logs: readonly string[]
  /** Lines that are only played while backends fail. */
  readonly trouble?: RegExp
  readonly perMinute: number
  /** After the hour it is played on to this line, so that the last thing is one to be woken by. */
  readonly endsWith?: RegExp
  /** Gives a line the time at which it is written. */
  readonly dated: (line: string, at: Date, round: number) => string
}

const seconds = (at: Date) => (at.getTime() / 1000).toFixed(3)

export const LOG_PARTS: readonly LogPart[] = [
  {
    source: 'caddy-requests',
    dialect: 'caddy',
    logs: ['caddy/upstreams.log'],
    trouble: /"status":(0|5\d\d),?/,
    perMinute: 90,
    dated: (line, at) => line.replace(/"ts":[\d.]+/, `"ts":${seconds(at)}`),
  },
  {
    source: 'nginx-requests',
    dialect: 'nginx-json',
    logs: ['nginx-json/tries.log', 'nginx-json/lb.log'],
    trouble: /"status":"?[45]\d\d/,
    perMinute: 60,
    dated: (line, at) => line.replace(/"msec":("?)[\d.]+/, `"msec":$1${seconds(at)}`),
  },
  {
    source: 'haproxy-requests',
    dialect: 'haproxy',
    logs: ['haproxy/states.log', 'haproxy/lb.log'],
    trouble: /"ST":"?(-1|5\d\d)/,
    perMinute: 60,
    dated: (line, at) => line.replace(/"ts":"\d+"/, `"ts":"${at.getTime()}"`),
  },
  {
    source: 'nginx-errors',
    dialect: 'nginx-error-log',
    logs: ['nginx-error-log/lb.log', 'nginx-error-log/rebind.log'],
    trouble: /upstream/,
    perMinute: 6,
    dated: (line, at) =>
      line.replace(
        /^[\d/]+ [\d:]+/,
        at.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' '),
      ),
  },
  {
    source: 'balancer-events',
    dialect: 'lb-events',
    logs: ['lb-events/synthetic-balancer.log'],
    perMinute: 20,
    endsWith: /"circuit_breaker".*"state":"open"/,
    dated: (line, at, round) =>
      line
        .replace(/"time":"[^"]*"/, `"time":"${at.toISOString()}"`)
        .replace(/"(id|connection)":"(c\d+)"/, `"$1":"$2-${round}"`),
  },
]

/** A balancer that is asked, and answers what was recorded, one answer after the other over the hour. */
export const POLLED_PART = {
  source: 'haproxy-stats',
  dialect: 'haproxy-stats',
  answers: 'haproxy-stats/haproxy-lb.log',
} as const

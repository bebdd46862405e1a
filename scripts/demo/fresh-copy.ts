import { randomBytes } from 'node:crypto'

/** A log as if a new connection had written it. */
export interface FreshCopy {
  readonly id: string
  readonly text: string
}

/**
 * The same log under a new connection id of equal length, everywhere; where the header tells the
 * wall clock of the beginning, it tells `startedAt` (Unix ms) with the digits it had.
 */
export function freshCopy(text: string, startedAt: number, newId = randomId): FreshCopy {
  const header = text.slice(0, text.indexOf('\n'))
  const old = connectionId(header)
  if (old === undefined) throw new Error(`no connection id in the header ${header}`)
  const id = newId(old.length)
  const dated = header.replace(WALL_CLOCK, (_all, key: string, fraction: string) => {
    const [seconds = '', ms = ''] = new Date(startedAt).toISOString().slice(0, -1).split('.')
    return `${key}${seconds}.${ms.padEnd(fraction.length, '0').slice(0, fraction.length)}Z`
  })
  return { id, text: (dated + text.slice(header.length)).replaceAll(old, id) }
}

const WALL_CLOCK = /("wall_clock_time":")[\d-]+T[\d:]+\.(\d+)Z/

/** The id by which a log is named: the group of its events, else the one in its description. */
function connectionId(header: string): string | undefined {
  return (/"group_id":"([0-9a-f]+)"/.exec(header) ?? /\bid=([0-9a-f]+)"/.exec(header))?.[1]
}

/** So many random hexadecimal digits. */
export function randomId(digits: number): string {
  return randomBytes(Math.ceil(digits / 2))
    .toString('hex')
    .slice(0, digits)
}

/**
 * nginx's lists of upstreams: one entry for each try. Tries of one group are separated by commas, groups (of
 * internal redirects) by colons (ngx_http_upstream_module, `$upstream_addr`).
 */
import type { Fields, JsonObject } from '../decoding/fields.ts'
import type { Attempt, Request } from '../log-events.ts'

/** The first two are needed. Of the times the first that is there is taken. */
export const UPSTREAM_KEYS = [
  'upstream_addr',
  'upstream_status',
  'upstream_header_time',
  'upstream_response_time',
] as const

export type Upstreams = Pick<Request, 'attempts' | 'retries' | 'withoutBackend'>

const SECOND_US = 1_000_000
const BETWEEN_GROUPS = ' : '
const BETWEEN_TRIES = ', '

/** What a server is called; the name of a group stands where no server of it was live. */
const ADDRESS = /^unix:|:\d+$/

/** All that the lists of one line say; nothing if no upstream was asked. */
export function upstreamsOf(line: JsonObject, fields: Fields): Upstreams {
  const written = fields.text(line, 'upstream_addr')
  if (written === undefined || written === '') return {}
  const groups = written.split(BETWEEN_GROUPS).map((group) => group.split(BETWEEN_TRIES))
  const statuses = entries(fields.text(line, 'upstream_status'))
  const headerTimes = fields.text(line, 'upstream_header_time')
  const times = entries(headerTimes ?? fields.text(line, 'upstream_response_time'))
  const names = groups.flat()
  const attempts = names.flatMap((backend, index): Attempt[] => {
    if (!ADDRESS.test(backend)) return []
    const status = fields.count(given('status', statuses[index]), 'status', 999)
    const durationUs = fields.duration(given('time', times[index]), 'time', SECOND_US)
    return [
      {
        backend,
        ...(status ? { status } : {}),
        ...(status && durationUs !== undefined ? { durationUs } : {}),
      },
    ]
  })
  const retries = groups.reduce((sum, group) => sum + retriesIn(group), 0)
  return {
    attempts,
    retries,
    ...(ADDRESS.test(names.at(-1) ?? '') ? {} : { withoutBackend: true }),
  }
}

function entries(list = ''): readonly string[] {
  return list.split(BETWEEN_GROUPS).flatMap((group) => group.split(BETWEEN_TRIES))
}

/** `-` and an entry that is missing are no value. */
function given(key: string, value: string | undefined): JsonObject {
  return value === undefined || value === '-' || value === '' ? {} : { [key]: value }
}

function retriesIn(group: readonly string[]): number {
  return Math.max(0, group.filter((name) => ADDRESS.test(name)).length - 1)
}

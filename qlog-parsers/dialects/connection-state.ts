/** Readers of the states that a connection goes through, as the drafts and OpenSSL name them. */
import type { Reader } from '../dialect.ts'
import type { ConnectionState } from '../events.ts'

const STATE = new Map<unknown, ConnectionState['state']>([
  ['handshake_complete', 'handshake_complete'],
  ['handshake_completed', 'handshake_complete'],
  ['handshake_confirmed', 'handshake_complete'],
  // draft-01: the handshake was a success.
  ['active', 'handshake_complete'],
  ['closing', 'closing'],
  ['draining', 'draining'],
  ['closed', 'closed'],
])

/** `connection_state_updated`; the key is `new` in the drafts, `state` in OpenSSL. */
export function stateReader(key: string): Reader {
  return (data, reading) => {
    const state = STATE.get(data[key])
    if (state !== undefined) reading.emit({ type: 'connection_state', at: reading.at, state })
    return true
  }
}

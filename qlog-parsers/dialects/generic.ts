/**
 * Whoever follows the qlog drafts, from draft-01 to the current one, and is none of the others: all names
 * that an event ever had, read by what its fields say. What such a writer tells is not known from its header:
 * its file begins as "connections, nothing else" and turns into a richer variant with each record that shows a
 * signal (generic-shown.ts). So a family appears with the first record of its kind, with the value it then has.
 * Per-connection loss ratios are never given: a connection without losses and one whose writer logs none
 * look the same.
 */
import type { Dialect, Reader } from '../dialect.ts'
import { MIGRATION_KINDS } from '../events.ts'
import {
  closed,
  ecnStates,
  keyUpdates,
  migrated,
  migrationStates,
  mtuUpdates,
  parameters,
  pathValidated,
  responses,
  states,
  versions,
} from './generic-connection.ts'
import { packets, packetsDropped, packetsLost, type ShowingReader } from './generic-packets.ts'
import { congestionStates, metrics } from './generic-recovery.ts'
import {
  capabilitiesOf,
  EVERYTHING,
  rulesOf,
  SHOWS,
  type Shown,
  shownIn,
  wordsOf,
} from './generic-shown.ts'
import { unreadNames } from './generic-unread.ts'

/** By all names that the drafts gave them; upper case arrives as lower case. */
const READ: Readonly<Record<string, ShowingReader>> = {
  'transport:packet_sent': packets('sent'),
  'quic:packet_sent': packets('sent'),
  'transport:packet_received': packets('received'),
  'quic:packet_received': packets('received'),
  'transport:packet_dropped': packetsDropped,
  'quic:packet_dropped': packetsDropped,
  'transport:parameters_set': parameters,
  'quic:parameters_set': parameters,
  'transport:version_information': versions,
  'quic:version_information': versions,
  'recovery:metrics_updated': metrics,
  'recovery:metric_update': metrics,
  'quic:metrics_updated': metrics,
  'quic:recovery_metrics_updated': metrics,
  'recovery:packet_lost': packetsLost,
  'quic:packet_lost': packetsLost,
  'loss:packets_lost': packetsLost,
  'recovery:congestion_state_updated': congestionStates,
  'recovery:cc_state_update': congestionStates,
  'quic:congestion_state_updated': congestionStates,
  'connectivity:connection_closed': closed,
  'connectivity:connection_close': closed,
  'transport:connection_closed': closed,
  'quic:connection_closed': closed,
  'connectivity:connection_state_updated': states,
  'quic:connection_state_updated': states,
  'connectivity:migration_state_updated': migrationStates,
  'quic:migration_state_updated': migrationStates,
  'transport:connection_migration': migrated,
  'quic:connection_migrated': migrated,
  'transport:path_validation': pathValidated,
  'quic:path_validated': pathValidated,
  'connectivity:mtu_updated': mtuUpdates,
  'recovery:mtu_updated': mtuUpdates,
  'quic:mtu_updated': mtuUpdates,
  'recovery:ecn_state_updated': ecnStates,
  'quic:ecn_state_updated': ecnStates,
  'security:key_updated': keyUpdates,
  'security:key_update': keyUpdates,
  'quic:key_updated': keyUpdates,
  'http:frame_created': responses,
  'h3:frame_created': responses,
  'http3:frame_created': responses,
}

/** More than any set of real files shows; whatever is beyond them counts as having shown everything. */
const MOST_VARIANTS = 128
/** What decides how records are read, not only what of them is told. */
const READING = SHOWS.seconds | SHOWS.told_moves | SHOWS.told_path_states

/** One map for all: they share what the fast path learns of their unread events. */
const NO_SCANS: Dialect['scans'] = new Map()

/** Told paths never come together with inferred ones: this is what writers of either kind may show. */
const AT_MOST = {
  ...capabilitiesOf(EVERYTHING & ~READING),
  migrationKinds: MIGRATION_KINDS,
}

const variants = new Map<Shown, Dialect>()

function variantOf(shown: Shown): Dialect {
  const known = variants.get(shown)
  if (known !== undefined) return known
  const full = shown | (EVERYTHING & ~READING)
  if (variants.size >= MOST_VARIANTS && shown !== full) return variantOf(full)
  const variant: Dialect = {
    name: 'generic',
    ...(shown === 0 ? {} : { variant: wordsOf(shown) }),
    producers:
      'any other writer that follows a qlog draft (picoquic, mvfst, quinn, neqo, TQUIC, kwik)',
    advice: 'what its records have not shown yet is absent; log whole packets and recovery metrics',
    // mvfst tells moves and validations itself: none is to be inferred from the frames that come first.
    wrote: ({ title }) => shown === 0 || (shown === SHOWS.told_moves && title.startsWith('mvfst')),
    capabilities: capabilitiesOf(shown),
    atMost: AT_MOST,
    rules: rulesOf(shown),
    readers: new Map(Object.entries(READ).map(([name, read]) => [name, growing(read, shown)])),
    scans: NO_SCANS,
    unread: unreadNames,
  }
  variants.set(shown, variant)
  return variant
}

/** Reads as `read` does; the file becomes what the record shows beyond what was known. */
function growing(read: ShowingReader, before: Shown): Reader {
  return (data, reading) => {
    const shows = read(data, reading, before)
    if (shows === false) return false
    const shown = before | shows
    if (shown !== before) reading.become(variantOf(shown))
    return true
  }
}

/** Any writer whose records have shown nothing yet. */
export const generic = variantOf(0)

/** What is known to tell moves from its header on. */
export const genericToldMoves = variantOf(SHOWS.told_moves)

/** The variant that was saved under these words; undefined if it is none of ours. */
export function genericVariant(words: string): Dialect | undefined {
  const shown = shownIn(words)
  return shown === undefined ? undefined : variantOf(shown)
}

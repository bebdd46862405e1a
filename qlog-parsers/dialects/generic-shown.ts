/**
 * What the records of a writer that nobody knows have shown so far. Its header promises nothing: a family
 * exists from the first record on that shows that the writer tells it. One bit for each word; a word is
 * never taken back. `seconds` is no signal but the unit of its round-trip times.
 */
import type { Capabilities } from '../capabilities.ts'
import { LOSS_TRIGGERS } from '../events.ts'
import type { DialectRules } from '../rules.ts'
import { FRAMES } from './standard-capabilities.ts'

/** What each word gives by itself; order is that of the bits. */
const GIVES = {
  packets: { packets: true, zeroRtt: true },
  sent_bytes: { sentBytes: true },
  received_bytes: { receivedBytes: true },
  frames: FRAMES,
  states: { handshake: true },
  close_errors: { errorCodes: true },
  close_triggers: {
    closeTriggers: ['idle_timeout', 'handshake_timeout', 'stateless_reset', 'version_mismatch'],
  },
  version: { version: true },
  drops: { drops: true },
  loss: { loss: ['unknown'] },
  loss_triggers: { loss: LOSS_TRIGGERS },
  loss_numbers: {},
  lost_bytes: { lostBytes: true },
  mtu_probes: { lossNumbers: true },
  rtt: { rtt: true },
  seconds: {},
  window: { congestionWindow: true },
  in_flight: { bytesInFlight: true },
  pacing: { pacingRate: true },
  pto: { pto: true },
  congestion_codes: { congestionStates: ['other'] },
  congestion_states: {
    congestionStates: [
      'slow_start',
      'congestion_avoidance',
      'recovery',
      'application_limited',
      'other',
    ],
  },
  told_moves: {
    toldPaths: true,
    pathValidations: true,
    migrationKinds: ['nat_rebinding', 'active'],
  },
  told_path_states: {
    toldPaths: true,
    pathValidations: true,
    migrationKinds: ['unknown'],
    migrationFailures: true,
  },
  told_zero_rtt: { zeroRttRejected: true },
  path_mtu: { pathMtu: true },
  key_updates: { keyUpdates: ['local', 'remote'] },
  ecn: { ecn: true },
  http3: { http3: true },
} satisfies Readonly<Record<string, Capabilities>>

type Word = keyof typeof GIVES
const WORDS = Object.keys(GIVES) as Word[]

/** A set of words, as bits. */
export type Shown = number

/** The bit of each word. */
export const SHOWS = Object.fromEntries(WORDS.map((word, bit) => [word, 1 << bit])) as Readonly<
  Record<Word, Shown>
>

/** Everything that a writer can ever show. */
export const EVERYTHING: Shown = (1 << WORDS.length) - 1

/** The words, for saved state. */
export function wordsOf(shown: Shown): string {
  return WORDS.filter((word) => shown & SHOWS[word]).join('+')
}

/** What the words say; undefined if one of them is none of ours. */
export function shownIn(words: string): Shown | undefined {
  let shown = 0
  for (const word of words.split('+')) {
    if (!Object.hasOwn(SHOWS, word)) return undefined
    shown |= SHOWS[word as Word]
  }
  return shown
}

/** What a writer tells that has shown this. */
export function capabilitiesOf(shown: Shown): Capabilities {
  const all: Capabilities = { connection: true }
  for (const word of WORDS) if (shown & SHOWS[word]) Object.assign(all, GIVES[word])
  const acks = has(shown, 'frames') && has(shown, 'loss_numbers')
  if (acks) Object.assign(all, { spuriousLoss: 'acks' })
  // Probes are told by their frames and lengths.
  if (acks && has(shown, 'sent_bytes')) Object.assign(all, { lossNumbers: true })
  return all.toldPaths === true ? withoutInference(all, shown) : all
}

/** What the frames would have given if nothing were told. */
function withoutInference(all: Capabilities, shown: Shown): Capabilities {
  const { pathDurations: _, pathAbandonments: __, migrationFailures: ___, ...rest } = all
  return has(shown, 'told_path_states') ? { ...rest, migrationFailures: true } : rest
}

/** By which rules its events are understood. */
export function rulesOf(shown: Shown): DialectRules {
  const told = has(shown, 'told_moves') || has(shown, 'told_path_states')
  return {
    handshake: 'state_event_or_frame',
    close: 'close_event_or_frame',
    migration: told ? 'event' : 'path_challenge',
  }
}

function has(shown: Shown, word: Word): boolean {
  return (shown & SHOWS[word]) !== 0
}

/** What no panel shows, and which panels show nothing on the recorded hour: each with its reason. */

/** Families that no panel has. */
export const UNUSED: Readonly<Record<string, string>> = {
  quic_connection_versions_total: 'one value nearly everywhere',
  quic_connections_half_open: 'only the counters of HAProxy tell it',
  quic_key_updates_total: 'nobody acts on it',
  quic_stream_reset_frames_received_total: 'browsers that leave a page reset streams: no trouble',
  quic_stream_reset_frames_sent_total: 'browsers that leave a page reset streams: no trouble',
}

/** It may happen on a busy machine: probes of the stand must be quick. */
export const WELL = 'the front door of the stand should never fail'
const NO_RULES = 'the rules are not loaded'
const NOT_RECORDED = 'happens in no recording'

/** Questions that get no number on the recorded hour, by dashboard and panel, and the name of the series if not all. */
export const SILENT: Readonly<Record<string, string>> = {
  'backends / QUIC probes, and those that failed / {{target}}: {{reason}}': WELL,
  'protocols / Rounds of that comparison / {{target}}: {{protocol}} failed': WELL,
  'backends / What the front door says / Close code': WELL,
  'exporter / Files of targets that cannot be used': 'no file names targets on the stand',
  'exporter / Backends that balancers name': 'no source of the stand discovers backends',
  'overview / Firing alerts': NO_RULES,
  'backends / Health score': NO_RULES,
  'backends / What pulls the score down': NO_RULES,
  'capacity / Files that retention took away': 'no source of the stand has retention',
  'exporter / Connections given up, label sets refused / refused: {{metric}}':
    'no limit is reached',
  'exporter / Files that could not be read': 'all files can be read',
  'exporter / Questions to balancers / {{source}}: {{reason}}': 'the balancer always answers',
  'migration / Connections that began with 0-RTT / refused': NOT_RECORDED,
  'network / Answers outside of connections / Version Negotiation': NOT_RECORDED,
  'network / Bytes of QUIC packets / sent and lost': NOT_RECORDED,
  'network / Packets received and thrown away': NOT_RECORDED,
}

/** Why a question gets no number; undefined if it should. Where rules are loaded, they are asked too. */
export function silenceOf(question: string, areRulesLoaded: boolean): string | undefined {
  const found = Object.keys(SILENT).find(
    (name) => question === name || question.startsWith(`${name} / `),
  )
  const reason = found === undefined ? undefined : SILENT[found]
  return areRulesLoaded && reason === NO_RULES ? undefined : reason
}

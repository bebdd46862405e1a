/** The programs whose recordings are played: where they lie and how each of them writes its logs. */
export interface Producer {
  /** Name of its source, and of its directory. */
  readonly source: string
  /** Folder of its recordings under test/fixtures. */
  readonly folder: string
  /** It hands its log to the file system in blocks of so many bytes. */
  readonly blockBytes: number
  /** How it names the log of the connection with this id. */
  readonly fileName: (id: string) => string
  /** Column of TRUTH.tsv that says what it declared lost. */
  readonly lostColumn: 'packet_lost' | 'cf_lost_delta'
  /** What tells that a declared loss was none: an event of its own, the peer's ACKs, or nothing. */
  readonly spurious: 'event' | 'acks' | 'nothing'
}

/** One source of the demo for each. */
export const PRODUCERS: readonly Producer[] = [
  {
    source: 'caddy',
    folder: 'quic-go',
    blockBytes: 4096,
    fileName: (id) => `${id}_server.sqlog`,
    lostColumn: 'packet_lost',
    spurious: 'event',
  },
  {
    source: 'quiche',
    folder: 'quiche',
    blockBytes: 8192,
    fileName: (id) => `server-${id}.sqlog`,
    lostColumn: 'cf_lost_delta',
    spurious: 'nothing',
  },
  {
    source: 'ngtcp2',
    folder: 'ngtcp2',
    blockBytes: 4096,
    fileName: (id) => `${id}.sqlog`,
    lostColumn: 'packet_lost',
    spurious: 'acks',
  },
]

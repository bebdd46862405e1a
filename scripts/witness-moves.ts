// The witness's reading of how often and in which way the peer moved.
import type { Attempt } from './witness-paths.ts'
import { framesOf, type QlogEvent } from './witness-stream.ts'

/** How a peer moved. */
export type Kind = 'active' | 'nat_rebinding'

/** A move: each validated attempt, each run of failed ones as they finished, any other abandoned. */
export function movesOf(attempts: readonly Attempt[]): { kind: string; failed: boolean }[] {
  const moves: { kind: string; failed: boolean }[] = []
  let inRun = false
  for (const attempt of attempts) {
    if (attempt.outcome === 'failed') {
      if (!inRun) moves.push({ kind: attempt.kind, failed: true })
      inRun = true
    } else if (attempt.outcome === 'validated' || !inRun) {
      moves.push({ kind: attempt.kind, failed: false })
      inRun = false
    }
  }
  return moves
}

/**
 * Active if, after the previous attempt finished (or the handshake completed), the peer probed,
 * retired an id or changed the one it uses. Go clients retire one while they shake hands.
 */
export function kindOf(alive: readonly QlogEvent[], from: number, to: number): Kind {
  let dcid: string | undefined
  for (const [index, event] of alive.entries()) {
    if (index > to) break
    if (event.name !== 'packet_received') continue
    const signs = /^(path_challenge|retire_connection_id)$/
    const signed = framesOf(event).some((frame) => signs.test(frame.frame_type))
    if (index > from && signed) return 'active'
    const header = event.data.header
    if (header?.packet_type !== '1RTT' || header.dcid === undefined) continue
    if (index > from && dcid !== undefined && dcid !== header.dcid) return 'active'
    dcid = header.dcid
  }
  return 'nat_rebinding'
}

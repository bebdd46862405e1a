import type { Recovery } from './happenings.ts'
import type { Random } from './random.ts'

const DATAGRAM = 1280

/** The figures of a connection that has sent nothing yet. */
export function startingRecovery(): Recovery {
  return {
    minRtt: 0,
    smoothedRtt: 0,
    latestRtt: 0,
    rttVariance: 0,
    window: 40_960,
    threshold: 0,
    bytesInFlight: 0,
    packetsInFlight: 0,
    lostPackets: 0,
    newlyLostPackets: 0,
    lostBytes: 0,
    newlyLostBytes: 0,
    first: true,
    rttChanged: false,
    minRttChanged: false,
    windowChanged: true,
  }
}

/** Takes one round trip into the estimate (RFC 9002, section 5.3); sometimes the window grows. */
export function sampleRoundTrip(figures: Recovery, roundTrip: number, random: Random): void {
  const first = figures.smoothedRtt === 0
  figures.latestRtt = roundTrip
  figures.rttVariance = first
    ? roundTrip / 2
    : 0.75 * figures.rttVariance + 0.25 * Math.abs(figures.smoothedRtt - roundTrip)
  figures.smoothedRtt = first ? roundTrip : 0.875 * figures.smoothedRtt + 0.125 * roundTrip
  figures.rttChanged = true
  if (first || roundTrip < figures.minRtt) {
    figures.minRtt = roundTrip
    figures.minRttChanged = true
  }
  if (random.chance(0.4)) {
    figures.window += random.integer(0, DATAGRAM)
    figures.windowChanged = true
  }
}

/** The sender holds back after a loss (RFC 9002, section 7.3.2). */
export function shrinkWindow(figures: Recovery): void {
  figures.window = Math.max(2 * DATAGRAM, Math.floor(figures.window * 0.7))
  figures.threshold = figures.window
  figures.windowChanged = true
}

/** Counts one packet as lost. */
export function countLoss(figures: Recovery, bytes: number): void {
  figures.lostPackets += 1
  figures.newlyLostPackets += 1
  figures.lostBytes += bytes
  figures.newlyLostBytes += bytes
}

/** Forgets what changed, once it has been written. */
export function settle(figures: Recovery): void {
  figures.first = false
  figures.rttChanged = false
  figures.minRttChanged = false
  figures.windowChanged = false
  figures.newlyLostPackets = 0
  figures.newlyLostBytes = 0
}

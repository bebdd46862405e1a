/**
 * The numbers at which a panel changes its colour: those of the alerts, so that red on a screen and a page at
 * night are the same thing. A test compares them with the rules.
 */

/** Where a colour changes. */
export interface Threshold {
  readonly value: number
  /** On which side of it something is wrong. */
  readonly wrong: 'above' | 'below'
}

/** One that an alert has in its expression. */
export interface AlertThreshold extends Threshold {
  readonly alert: string
}

function above(alert: string, value: number): AlertThreshold {
  return { alert, value, wrong: 'above' }
}

function below(alert: string, value: number): AlertThreshold {
  return { alert, value, wrong: 'below' }
}

export const THRESHOLDS = {
  errorShare: above('QuicLbHighErrorRate', 0.05),
  latencyP95: above('QuicLbHighLatency', 1),
  packetLoss: above('QuicHighPacketLoss', 0.02),
  rttAboveMin: above('QuicRttInflated', 0.1),
  handshakeSuccess: below('QuicHandshakeFailures', 0.95),
  migrationsPerSecond: above('QuicHighMigrationRate', 0.1),
  migrationSuccess: below('QuicMigrationFailures', 0.9),
  h3ByH1: above('QuicH3SlowerThanH1', 1.2),
  certificateSeconds: below('QuicLbBackendCertExpiry', 14 * 86_400),
  flaps: above('QuicLbBackendFlapping', 6),
  sourceLagSeconds: above('QuicExporterLagging', 60),
  recordsFailedShare: above('QuicExporterParseErrors', 0.01),
  unknownEventsShare: above('QuicExporterUnknownEvents', 0.05),
  seriesShare: above('QuicExporterSeriesLimit', 0.8),
  stateAgeSeconds: above('QuicExporterStateNotWritten', 120),
  restartsPerHour: above('QuicExporterRestarting', 3),
} as const satisfies Readonly<Record<string, AlertThreshold>>

/** Of things that must not be, one is wrong; of things that must be, none is. */
export const NONE_ALLOWED = { value: 1, wrong: 'above' } as const
export const ALL_WANTED = { value: 1, wrong: 'below' } as const

/** Requests in the range below which a comparison of protocols says little; of no alert. */
export const ENOUGH_REQUESTS = 1000

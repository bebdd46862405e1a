/** Path validation and connection migration: the frames as written, then what they mean. */
import { MIGRATION_KINDS } from '../../qlog-parsers/index.ts'
import type { Collector } from './collector.ts'

export const paths: Collector = (metrics) => {
  const frames = (name: string, help: string) =>
    metrics.counter({ name, help, signal: 'pathFrames' })
  const challenges = {
    sent: frames('quic_path_challenges_sent_total', 'PATH_CHALLENGE frames sent.'),
    received: frames('quic_path_challenges_received_total', 'PATH_CHALLENGE frames received.'),
  }
  const responses = {
    sent: frames('quic_path_responses_sent_total', 'PATH_RESPONSE frames sent.'),
    received: frames('quic_path_responses_received_total', 'PATH_RESPONSE frames received.'),
  }
  const validations = metrics.counter({
    name: 'quic_path_validations_total',
    help: 'Path validation attempts that were validated or failed (RFC 9000 section 8.2).',
    signal: 'pathValidations',
  })
  const failed = metrics.counter({
    name: 'quic_path_validations_failed_total',
    help: 'Path validation attempts that nothing answered in time.',
    signal: 'pathValidations',
  })
  const abandoned = metrics.counter({
    name: 'quic_path_validations_abandoned_total',
    help: 'Path validation attempts cut short by the end of the connection; in neither of the others.',
    signal: 'pathAbandonments',
  })
  const duration = metrics.histogram({
    name: 'quic_path_validation_duration_seconds',
    help: 'From the first PATH_CHALLENGE of a path to its first PATH_RESPONSE; validated paths only.',
    unit: 'seconds',
    buckets: [0.0025, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    signal: 'pathDurations',
  })
  const migrations = metrics.counter({
    name: 'quic_connection_migrations_total',
    help: 'Moves of a client to another path, those that failed included.',
    labels: { kind: MIGRATION_KINDS },
    signal: 'migrationKinds',
  })
  const migrationsFailed = metrics.counter({
    name: 'quic_connection_migrations_failed_total',
    help: 'Moves of a client to a path that never could be validated.',
    labels: { kind: MIGRATION_KINDS },
    signal: 'migrationFailures',
  })
  return {
    path_challenge(event, { source }) {
      challenges[event.direction].add(source, 1)
    },
    path_response(event, { source }) {
      responses[event.direction].add(source, 1)
    },
    path_validated(event, { source }) {
      validations.add(source, 1)
      if (event.durationUs !== undefined) duration.observe(source, event.durationUs)
    },
    path_validation_failed(_event, { source }) {
      validations.add(source, 1)
      failed.add(source, 1)
    },
    path_validation_abandoned(_event, { source }) {
      abandoned.add(source, 1)
    },
    migration(event, { source }) {
      const { count = 1, kind } = event
      migrations.add(source, count, kind)
      if (event.failed) migrationsFailed.add(source, count, kind)
    },
  }
}

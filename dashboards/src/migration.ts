/** D3: do users who move keep their connection, and do those who come back find it fast? */
import type { Board } from './board.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { BEFORE, FAILED } from './looks.ts'
import { increase, quantile, rate, rateBefore, SOURCE, series, share, sumBy } from './promql.ts'
import { graph, heatmap, stat } from './shapes.ts'
import { THRESHOLDS } from './thresholds.ts'

const MOVES = 'quic_connection_migrations_total'
const MOVES_FAILED = 'quic_connection_migrations_failed_total'
const of = (metric: string) => sumBy('', rate(metric, SOURCE))
const inRange = (metric: string) => sumBy('', increase(metric, '$__range', SOURCE))
const moves = { signals: [MOVES] }
const outcome = { signals: [MOVES_FAILED] }

const stay = [
  stat({
    title: 'Moves in this time range',
    about:
      'Clients that turned up under another address and were recognised, those included that could not be validated there.',
    unit: 'none',
    decimals: 0,
    queries: [{ expr: inRange(MOVES), legend: 'moves' }],
    needs: moves,
  }),
  stat({
    title: 'Moves that worked',
    about:
      'Share of moves that ended on a validated path, over the whole time range. Red where QuicMigrationFailures may fire.',
    unit: 'share',
    decimals: 1,
    threshold: THRESHOLDS.migrationSuccess,
    nothing: 'Nobody moved in this time range',
    queries: [
      { expr: `1 - ${share(inRange(MOVES_FAILED), inRange(MOVES))}`, legend: 'of all moves' },
    ],
    needs: outcome,
  }),
  stat({
    title: 'Moves by 1,000 connections',
    about:
      'Moves by connections that were opened, over the time range: how mobile the users are, whatever their number.',
    unit: 'count',
    decimals: 0,
    queries: [
      {
        expr: `1000 * ${share(inRange(MOVES), inRange('quic_connections_total'))}`,
        legend: 'by 1,000 connections',
      },
    ],
    needs: moves,
  }),
  stat({
    title: 'Connections that died under way',
    about:
      'Ended by silence with data in flight: the user or the path was gone. Compare with the same hour of another day.',
    unit: 'share',
    decimals: 1,
    queries: [
      {
        expr: share(
          inRange('quic_connections_vanished_total'),
          inRange('quic_connections_closed_total'),
        ),
        legend: 'of all that ended',
      },
    ],
    needs: { signals: ['quic_connections_vanished_total'] },
  }),
  graph({
    title: 'Moves by kind',
    about:
      'nat_rebinding: a router gave the client another port. active: the client changed networks, Wi-Fi to mobile. Red line: QuicHighMigrationRate.',
    unit: 'perSecond',
    threshold: THRESHOLDS.migrationsPerSecond,
    queries: [{ expr: sumBy('kind', rate(MOVES, SOURCE)), legend: '{{kind}}' }],
    needs: moves,
  }),
  graph({
    title: 'Moves that failed by kind',
    about:
      'The client moved and could not be reached there. If all instances behind one address show it, connection ids are not routed to the instance that knows them.',
    unit: 'perSecond',
    queries: [{ expr: sumBy('kind', rate(MOVES_FAILED, SOURCE)), legend: '{{kind}}' }],
    needs: outcome,
  }),
  graph({
    title: 'Moves by active connection and minute',
    about:
      'Moves by connections that are open. A step in it without more users: a carrier or a NAT in front of us rehashes addresses.',
    unit: 'count',
    queries: [
      {
        expr: `60 * ${share(of(MOVES), sumBy('', series('quic_connections_active', SOURCE)))}`,
        legend: 'by connection and minute',
      },
    ],
    needs: moves,
  }),
  graph({
    title: 'The same hours a day and a week ago',
    about: 'Moves follow the timetable: compare with the same hour before you call it unusual.',
    unit: 'perSecond',
    looks: BEFORE,
    queries: [
      { expr: of(MOVES), legend: 'now' },
      { expr: sumBy('', rateBefore(MOVES, '1d', SOURCE)), legend: 'a day before' },
      { expr: sumBy('', rateBefore(MOVES, '7d', SOURCE)), legend: 'a week before' },
    ],
    needs: moves,
  }),
]

const paths = [
  graph({
    title: 'Path validations',
    looks: FAILED,
    about:
      'Attempts to make sure that the client is at its new address. abandoned: the connection ended first.',
    unit: 'perSecond',
    queries: [
      { expr: of('quic_path_validations_total'), legend: 'finished' },
      { expr: of('quic_path_validations_failed_total'), legend: 'failed' },
      { expr: of('quic_path_validations_abandoned_total'), legend: 'abandoned' },
    ],
    needs: { signals: ['quic_path_validations_total', 'quic_path_validations_failed_total'] },
  }),
  graph({
    title: 'How long validation takes',
    about:
      'Beside the round-trip time: both should be of one size. Three times as long is QuicPathValidationSlow: packets to new paths get lost.',
    unit: 'seconds',
    queries: [
      {
        expr: quantile(0.5, 'quic_path_validation_duration_seconds', '', SOURCE),
        legend: 'validation, p50',
      },
      {
        expr: quantile(0.95, 'quic_path_validation_duration_seconds', '', SOURCE),
        legend: 'validation, p95',
      },
      {
        expr: quantile(0.95, 'quic_rtt_seconds', '', SOURCE),
        legend: 'round-trip time, p95',
      },
    ],
    needs: { signals: ['quic_path_validation_duration_seconds'] },
  }),
  graph({
    title: 'PATH_CHALLENGE and PATH_RESPONSE frames',
    about:
      'As they were written, repetitions included. Challenges sent without responses received: the way to the new address is dead.',
    unit: 'perSecond',
    queries: [
      { expr: of('quic_path_challenges_sent_total'), legend: 'challenges sent' },
      { expr: of('quic_path_responses_received_total'), legend: 'responses received' },
      { expr: of('quic_path_challenges_received_total'), legend: 'challenges received' },
      { expr: of('quic_path_responses_sent_total'), legend: 'responses sent' },
    ],
    needs: { signals: ['quic_path_challenges_sent_total', 'quic_path_responses_received_total'] },
  }),
  graph({
    title: 'Silent connections',
    about:
      'Open, but nothing was heard of them for longer than their idle timeout: clients in a dead spot, or what a crashed proxy left behind.',
    unit: 'none',
    queries: [
      { expr: sumBy('', series('quic_connections_silent', SOURCE)), legend: 'silent' },
      { expr: sumBy('', series('quic_connections_active', SOURCE)), legend: 'open' },
    ],
    needs: { signals: ['quic_connections_active'] },
  }),
]

const comingBack = [
  graph({
    title: 'Connections that began with 0-RTT',
    looks: FAILED,
    about:
      'Share of new connections on which early data came, and on which it was refused. Returning users save a round trip; refused everywhere: ticket keys differ between instances.',
    unit: 'share',
    queries: [
      {
        expr: share(of('quic_zero_rtt_connections_total'), of('quic_connections_total')),
        legend: 'with 0-RTT',
      },
      {
        expr: share(of('quic_zero_rtt_rejected_total'), of('quic_connections_total')),
        legend: 'refused',
      },
    ],
    needs: { signals: ['quic_zero_rtt_connections_total', 'quic_zero_rtt_rejected_total'] },
  }),
  graph({
    title: 'Ends by silence',
    about: 'Connections that ended by their idle timeout, and those of them with data in flight.',
    unit: 'perSecond',
    queries: [
      {
        expr: sumBy('', rate('quic_connections_closed_total', SOURCE, 'reason="idle_timeout"')),
        legend: 'idle timeout',
      },
      { expr: of('quic_connections_vanished_total'), legend: 'with data in flight' },
    ],
    needs: { signals: ['quic_connections_closed_total', 'quic_connections_vanished_total'] },
  }),
  heatmap({
    title: 'How long connections live, distribution',
    about:
      'From the first event to the end, one observation for each connection. Users who move and stay have long ones.',
    unit: 'seconds',
    histogram: 'quic_connection_duration_seconds',
    of: SOURCE,
  }),
  graph({
    title: 'How long connections live, quantiles',
    about: 'Quantiles over the connections that ended in the interval.',
    unit: 'seconds',
    queries: [0.5, 0.9].map((q) => ({
      expr: quantile(q, 'quic_connection_duration_seconds', '', SOURCE),
      legend: `p${q * 100}`,
    })),
    needs: { signals: ['quic_connection_duration_seconds'] },
  }),
]

export const migration: Board = {
  uid: UIDS.migration,
  title: 'QUIC load balancer / Migration and mobile',
  about:
    'Whether users who change their address keep their connection, for one source of QUIC connections.',
  variables: ['source'],
  rows: [
    { title: 'Do users who move stay?', tiles: stay },
    { title: 'Paths', tiles: paths },
    { title: 'Silence and coming back', tiles: comingBack },
  ],
  help: `**A migration** is a client that turns up under another address in the middle of a connection. *nat_rebinding*: it did not do so on purpose. *active*: it did. *unknown*: this log does not tell. Which rule found it is in \`quic_exporter_source_info{migration}\`.

**Moves fail?** Challenges go out and no responses come back: the new path is dead, or the answer reaches another instance. With several instances behind one address, connection ids must be routed to the one that knows them.

**Many moves** alone are no fault: phones between lecture halls move all day. Compare with the same hours before.

${HELP_NOT_REPORTED}`,
}

/** D4: is HTTP/3 faster than HTTP/1.1, for whom, and was it so before? One request log at a time. */
import type { Board } from './board.ts'
import { HELP_NOT_REPORTED, UIDS } from './guide.ts'
import { FAILED, PROTOCOLS } from './looks.ts'
import { increase, LOG, quantile, rate, share, sumBy } from './promql.ts'
import { beforeAndAfter } from './protocols-baseline.ts'
import { graph, stat, text } from './shapes.ts'
import { ENOUGH_REQUESTS, THRESHOLDS } from './thresholds.ts'

const DURATION = 'quic_lb_request_duration_seconds'
const REQUESTS = 'quic_lb_requests_total'
const H1 = 'protocol="http/1.1"'
const H3 = 'protocol="h3"'
const duration = { signals: [DURATION], of: LOG }
const requests = { signals: [REQUESTS], of: LOG }

const p95Of = (protocol: string) => quantile(0.95, DURATION, '', LOG, protocol)
const perProtocol = (metric: string, ...matchers: readonly string[]) =>
  sumBy('protocol', rate(metric, LOG, ...matchers))

/** Over the whole time range: what the last seconds give is of a handful of requests. */
const p95OfRange = (protocol: string) =>
  `histogram_quantile(0.95, ${sumBy('le', increase(`${DURATION}_bucket`, '$__range', LOG, protocol))})`

const sides = [
  ...[0.5, 0.95, 0.99].map((q) =>
    graph({
      title: `Time to answer, p${q * 100}`,
      about: `${q * 100} of 100 requests of each protocol were faster than this. What clients ask for over each may differ: see the note below.`,
      unit: 'seconds',
      width: 8,
      looks: PROTOCOLS,
      queries: [{ expr: quantile(q, DURATION, 'protocol', LOG), legend: '{{protocol}}' }],
      needs: duration,
    }),
  ),
  graph({
    title: 'HTTP/3 by HTTP/1.1 (p95)',
    about:
      'Below 1 HTTP/3 is faster. Red line: QuicH3SlowerThanH1. Nothing is drawn while one of them has no requests.',
    unit: 'count',
    threshold: THRESHOLDS.h3ByH1,
    doubling: true,
    queries: [{ expr: `${p95Of(H3)} / ${p95Of(H1)}`, legend: 'h3 by http/1.1' }],
    needs: duration,
  }),
  stat({
    title: 'Gained at p95',
    about:
      'Time that the slowest 5 of 100 requests take less over HTTP/3 than over HTTP/1.1, over the time range. Below 0: more.',
    unit: 'seconds',
    height: 8,
    threshold: { value: 0, wrong: 'below' },
    nothing: 'One of the two has no requests',
    queries: [
      { expr: `round(${p95OfRange(H1)} - ${p95OfRange(H3)}, 0.001)`, legend: 'less than http/1.1' },
    ],
    needs: duration,
  }),
  stat({
    title: 'Requests that this rests on',
    about: `Requests in the time range. Below ${ENOUGH_REQUESTS} (red) quantiles of a protocol are of a few users, and a comparison means little.`,
    unit: 'none',
    decimals: 0,
    height: 8,
    threshold: { value: ENOUGH_REQUESTS, wrong: 'below' },
    queries: [
      {
        expr: sumBy(
          'protocol',
          increase(`${DURATION}_count`, '$__range', LOG, 'protocol!="other"'),
        ),
        legend: '{{protocol}}',
      },
    ],
    needs: duration,
  }),
]

const COMPARED = 'quic_probe_compared_seconds_total'

const fair = [
  graph({
    title: 'Same page, same moment',
    about:
      'Mean time of our own requests over each protocol, asked for one after the other in the same second. Only rounds count in which both worked, so nothing but the protocol differs.',
    unit: 'seconds',
    looks: PROTOCOLS,
    nothing: 'No target is compared',
    queries: [
      {
        expr: `${sumBy('protocol, target', rate(COMPARED))} / on (target) group_left () (${sumBy('target', rate('quic_probe_compared_rounds_total'))} > 0)`,
        legend: '{{protocol}} {{target}}',
      },
    ],
  }),
  graph({
    title: 'HTTP/2 by HTTP/1.1, same moment',
    about:
      'The same as one number for each front door: 1 is no difference, below 1 HTTP/2 is faster.',
    unit: 'count',
    doubling: true,
    nothing: 'No target is compared',
    queries: [
      {
        expr: `${sumBy('target', rate(COMPARED, 'protocol="h2"'))} / (${sumBy('target', rate(COMPARED, H1))} > 0)`,
        legend: '{{target}}',
      },
    ],
  }),
  graph({
    title: 'Rounds of that comparison',
    about:
      'Rounds that count, and rounds that do not because one protocol gave no answer, or only too late for the other.',
    unit: 'perSecond',
    looks: FAILED,
    nothing: 'No target is compared',
    queries: [
      {
        expr: sumBy('target', rate('quic_probe_compared_rounds_total')),
        legend: '{{target}}: counted',
      },
      {
        expr: `${sumBy('target, protocol', rate('quic_probe_uncounted_rounds_total'))} > 0`,
        legend: '{{target}}: {{protocol}} failed',
      },
    ],
  }),
  text({
    title: 'What these numbers can say, and what not',
    about: 'Why a difference between protocols is not yet an effect of the protocol',
    width: 12,
    markdown: `**Clients choose their protocol.** Browsers speak HTTP/3 where UDP works well, and HTTP/1.1 is what scripts, monitors and old clients speak. They ask for other pages, from other networks. So a difference above is **no effect of HTTP/3** by itself.

Better, in this order:

1. *Same page, same moment*: nothing but the protocol differs, but the client is our probe.
2. *Before and after* with the same hours of the week: the users are the same. **Compare with** chooses how long ago.
3. The panels above, where both have more than ${ENOUGH_REQUESTS} requests.`,
  }),
]

const adoption = [
  graph({
    title: 'Share of requests',
    about:
      'How much of the traffic each protocol has. h3 at half of yesterday is QuicH3AdoptionDrop: UDP blocked, or Alt-Svc lost.',
    unit: 'share',
    stack: 'values',
    max: 1,
    looks: PROTOCOLS,
    queries: [
      {
        expr: `${perProtocol(REQUESTS)} / ignoring (protocol) group_left () (${sumBy('', rate(REQUESTS, LOG))} > 0)`,
        legend: '{{protocol}}',
      },
    ],
    needs: requests,
  }),
  graph({
    title: 'Errors (5xx share)',
    about:
      'Share of the requests of each protocol that were answered 5xx. If only one rises, it is not the backends.',
    unit: 'share',
    threshold: THRESHOLDS.errorShare,
    looks: PROTOCOLS,
    queries: [
      {
        expr: share(perProtocol(REQUESTS, 'code="5xx"'), perProtocol(REQUESTS)),
        legend: '{{protocol}}',
      },
    ],
    needs: requests,
  }),
  graph({
    title: 'Requests broken off (share)',
    about:
      'Cut short before the answer was complete, whatever its status. HAProxy logs a connection that died of a move as 200 and broken off.',
    unit: 'share',
    looks: PROTOCOLS,
    queries: [
      {
        expr: share(perProtocol('quic_lb_requests_aborted_total'), perProtocol(REQUESTS)),
        legend: '{{protocol}}',
      },
    ],
    needs: { signals: ['quic_lb_requests_aborted_total'], of: LOG },
  }),
  graph({
    title: 'Bytes by request',
    about:
      'Mean size of answers. If it differs much between protocols, they are used for different things and their times cannot be compared.',
    unit: 'bytes',
    looks: PROTOCOLS,
    queries: [
      {
        expr: share(perProtocol('quic_lb_response_bytes_total'), perProtocol(REQUESTS)),
        legend: '{{protocol}}',
      },
    ],
    needs: { signals: ['quic_lb_response_bytes_total'], of: LOG },
  }),
  graph({
    title: 'Round-trip time of clients, p50',
    about:
      'As the balancer knew it at the end of each request. If h3 clients are simply nearer, they are faster for that reason.',
    unit: 'seconds',
    looks: PROTOCOLS,
    queries: [
      {
        expr: quantile(0.5, 'quic_lb_client_rtt_seconds', 'protocol', LOG),
        legend: '{{protocol}}',
      },
    ],
    needs: { signals: ['quic_lb_client_rtt_seconds'], of: LOG },
  }),
  graph({
    title: 'Packets to QUIC clients lost',
    about:
      'From the running totals in the request log. Not to be added to what a qlog source counts: they are the same packets.',
    unit: 'perSecond',
    queries: [
      { expr: sumBy('', rate('quic_lb_client_lost_packets_total', LOG)), legend: 'declared lost' },
    ],
    needs: { signals: ['quic_lb_client_lost_packets_total'], of: LOG },
  }),
]

const onceMore = [
  graph({
    title: 'HTTP/3 requests as the QUIC log has them',
    about:
      'By class of status, for every source of QUIC logs that tells. The same requests as in the request log, seen from elsewhere: never add the two.',
    unit: 'requests',
    queries: [
      {
        expr: `${sumBy('source, code', rate('quic_http3_requests_total'))} > 0`,
        legend: '{{code}} {{source}}',
      },
    ],
    needs: {
      signals: ['quic_http3_requests_total'],
      of: 'source=~".+"',
      like: 'quic_connections_total',
    },
  }),
  graph({
    title: 'Requests by method',
    about: 'What is asked for. A rollout must not change it.',
    unit: 'requests',
    queries: [
      {
        expr: `${sumBy('method', rate('quic_lb_requests_by_method_total', LOG))} > 0`,
        legend: '{{method}}',
      },
    ],
    needs: { signals: ['quic_lb_requests_by_method_total'], of: LOG },
  }),
]

export const protocols: Board = {
  uid: UIDS.protocols,
  title: 'QUIC load balancer / HTTP/1.1 vs HTTP/3',
  about:
    'The protocols side by side, and now beside a day, a week or two weeks ago, for one request log.',
  variables: ['log', 'baseline'],
  from: 'now-6h',
  rows: [
    { title: 'Side by side', tiles: sides },
    { title: 'A fair comparison', tiles: fair },
    { title: 'Before and after', tiles: beforeAndAfter },
    { title: 'Who speaks what, and how it goes', tiles: adoption },
    { title: 'The same from elsewhere', tiles: onceMore },
  ],
  help: `**Rolling out HTTP/3?** Take the baseline for one or two weeks first. Then set *Compare with* to 7d or 14d and the time range to the same hours: what changes in *Before and after* is what users feel.

**Requests that this rests on** is red: wait, or take a longer time range.

**h3 share falls** while h2 rises: UDP port 443 is blocked on the way, or the header Alt-Svc is not sent any more.

${HELP_NOT_REPORTED}`,
}

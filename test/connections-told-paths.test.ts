/** What a producer tells of paths in so many words: believed, counted once, and without a connection too. */
import t from 'tap'
import { renderStore } from '../exporter/metrics/render.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { genericVariant } from '../qlog-parsers/dialects/generic.ts'
import type { QuicEvent } from '../qlog-parsers/index.ts'
import { nonZero, parsePage, total } from './support/page.ts'
import { CLOSE, challenge, DONE, type Happening, response, Scene } from './support/scene.ts'

const VALIDATED: Happening = { type: 'path_validated' }
const FAILED: Happening = { type: 'path_validation_failed' }
const moved = (kind: 'nat_rebinding' | 'active' | 'unknown', failed = false): Happening => ({
  type: 'migration',
  kind,
  failed,
})

/** A producer whose records have shown these words. */
function telling(words: string): Scene {
  const dialect = genericVariant(words)
  if (dialect === undefined) throw new Error(words)
  return new Scene({ capabilities: dialect.capabilities })
}

t.test('its word alone counts, whatever its frames look like', async (t) => {
  const scene = telling('packets+frames+told_moves')
    .at(0, DONE)
    .at(100, moved('nat_rebinding'))
    .at(100, challenge('aa'))
    .at(120, response('aa'))
    .at(120, VALIDATED)
    .at(200, challenge('bb'))
    .at(6000, FAILED)
    .at(6100, CLOSE)
  t.same(await scene.counts('quic_path_challenges_sent_total'), { '': 2 })
  t.same(await scene.counts('quic_path_validations_total'), { '': 2 })
  t.same(await scene.counts('quic_path_validations_failed_total'), { '': 1 })
  t.same(await scene.counts('quic_connection_migrations_total'), { nat_rebinding: 1 })
  t.equal(await scene.counts('quic_path_validation_duration_seconds_count'), undefined)
  t.equal(await scene.counts('quic_path_validations_abandoned_total'), undefined)
})

t.test('the same events are inferred where nothing is told', async (t) => {
  const scene = telling('packets+frames')
    .at(0, DONE)
    .at(100, challenge('aa'))
    .at(120, response('aa'))
    .at(6100, CLOSE)
  t.same(await scene.counts('quic_path_validations_total'), { '': 1 })
  t.same(await scene.counts('quic_connection_migrations_total'), { nat_rebinding: 1 })
  t.same(await scene.observed('quic_path_validation_duration_seconds'), { '0.025': 1 })
})

t.test('nothing is inferred for a writer that is not said to tell it', async (t) => {
  const scene = new Scene({ dialect: 'openssl' })
    .at(0, { type: 'connection_state', state: 'handshake_complete' })
    .at(100, challenge())
    .at(120, response())
    .at(200, challenge())
    .at(9000, CLOSE)
  t.same(await scene.counts('quic_path_challenges_sent_total'), { '': 2 })
  t.equal(await scene.counts('quic_path_validations_total'), undefined)
  t.equal(await scene.counts('quic_path_validations_abandoned_total'), undefined)
  t.equal(await scene.counts('quic_connection_migrations_total'), undefined)
})

t.test('an attempt that was open when it began to tell is not counted by us', async (t) => {
  const { capabilities } = genericVariant('packets+frames') ?? {}
  const told = genericVariant('packets+frames+told_moves')?.capabilities
  if (capabilities === undefined || told === undefined) throw new Error('no variants')
  for (const end of [CLOSE, response('aa')]) {
    const scene = new Scene({ capabilities }).at(0, DONE).at(100, challenge('aa'))
    scene.turnsOut(told).at(5000, end, VALIDATED).at(9000, CLOSE)
    t.same(await scene.counts('quic_path_validations_total'), { '': 1 }, end.type)
    t.same(await scene.counts('quic_path_validations_failed_total'), {}, end.type)
    t.same(await scene.counts('quic_connection_migrations_total'), {}, end.type)
  }
})

t.test('a move that failed is in both counts', async (t) => {
  const scene = telling('told_path_states').at(0, moved('unknown', true)).at(1, moved('unknown'))
  t.same(await scene.counts('quic_connection_migrations_total'), { unknown: 2 })
  t.same(await scene.counts('quic_connection_migrations_failed_total'), { unknown: 1 })
})

t.test('a duration that is told is observed', async (t) => {
  const scene = telling('frames').at(0, { type: 'path_validated', durationUs: 30_000 })
  t.same(await scene.observed('quic_path_validation_duration_seconds'), { '0.05': 1 })
})

t.test('bytes of lost packets, where they are told', async (t) => {
  const scene = telling('loss+lost_bytes')
    .at(0, { type: 'packets_lost', count: 3, trigger: 'unknown', bytes: 3_600 })
    .at(1, { type: 'packets_lost', count: 1, trigger: 'unknown' })
    .at(2, { type: 'packets_lost', count: 1, trigger: 'unknown', bytes: 900, isMtuProbe: true })
  t.same(await scene.counts('quic_packets_lost_total'), { unknown: 4 })
  t.equal(await scene.total('quic_lost_bytes_total'), 3_600)
  t.equal(await scene.total('quic_mtu_probes_lost_total'), 1)
})

t.test('a log that follows no connection tells the same things', async (t) => {
  const { metrics, input, tell } = createPipeline()
  const source = metrics.owner('log')
  input.opened(source)
  input.dialect(source, {
    name: 'generic',
    rules: { handshake: 'none', close: 'none', migration: 'log_line' },
    capabilities: {
      pathValidations: true,
      migrationKinds: ['unknown'],
      migrationFailures: true,
      retries: true,
      versionNegotiations: true,
      statelessResets: true,
      zeroRttRejected: true,
    },
  })
  const at = 0
  const events: readonly QuicEvent[] = [
    { type: 'path_validated', at },
    { type: 'path_validation_failed', at },
    { type: 'migration', at, kind: 'unknown', failed: true },
    { type: 'retry_sent', at, count: 5 },
    { type: 'version_negotiation_sent', at, count: 2 },
    { type: 'stateless_reset_sent', at, count: 1 },
    { type: 'zero_rtt_rejected', at },
  ]
  for (const event of events) tell(source, event)
  const page = parsePage(await renderStore(metrics))
  t.same(nonZero(page, 'quic_path_validations_total'), { '': 2 })
  t.same(nonZero(page, 'quic_connection_migrations_failed_total'), { unknown: 1 })
  t.equal(total(page, 'quic_retry_packets_sent_total'), 5)
  t.equal(total(page, 'quic_version_negotiation_packets_sent_total'), 2)
  t.equal(total(page, 'quic_stateless_reset_packets_sent_total'), 1)
  t.equal(total(page, 'quic_zero_rtt_rejected_total'), 1)
  t.notOk(page.has('quic_path_challenges_sent_total'), 'it sees no frames')
  t.notOk(page.has('quic_path_validation_duration_seconds'), 'and no durations')
  t.notOk(page.has('quic_connections_total'))
})

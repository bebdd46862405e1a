/** More backends than there are series for: whether each is up is told all the same, and what is not is counted. */
import t from 'tap'
import { nonZero, total } from './support/page.ts'
import { probingConfig, startHealthServer, startProbing } from './support/probing.ts'
import { until } from './support/until.ts'

const COUNT = 300
const MAX_SERIES = 1000

t.test('what matters most has room first', async (t) => {
  const server = await startHealthServer(t)
  const backends = Array.from({ length: COUNT }, (_, i) => ({ name: `b${i}`, probe: server.url }))
  const times = { intervalMs: 500, timeoutMs: 400, maxConcurrent: 50 }
  const { page, lines } = startProbing(t, probingConfig({ backends }, times), {
    maxSeries: MAX_SERIES,
  })
  const areUp = async () => total(await page(), 'quic_lb_backend_up') === COUNT
  await until('all to be up', areUp, { withinMs: 30_000, everyMs: 100 })
  const now = await page()
  const count = (name: string) => now.get(name)?.samples.length ?? 0
  t.equal(count('quic_lb_backend_up'), COUNT)
  t.equal(count('quic_lb_backend_probes_total'), COUNT)
  const failed = count('quic_lb_backend_probes_failed_total')
  t.ok(failed >= MAX_SERIES - COUNT - 50 && failed < 5 * COUNT, `${failed} series of failures`)
  t.equal(count('quic_lb_backend_probe_duration_seconds'), 0)
  const refused = nonZero(now, 'quic_exporter_label_overflow_total') ?? {}
  t.equal(refused.quic_lb_backend_probe_duration_seconds, COUNT)
  t.equal(refused.quic_lb_backend_transitions_total, 2 * COUNT)
  t.equal(refused.quic_lb_backend_probes_failed_total, 5 * COUNT - failed)
  t.equal(refused.quic_lb_backend_up, undefined)
  const told = lines.filter((line) => line.includes('probing is not as it should be'))
  t.equal(
    told.length,
    1 + Number(told.some((line) => line.includes('max_concurrent'))),
    'told once',
  )
  const [, needed = '', enough = ''] =
    /need about (\d+) series and metrics\.max_series is 1000: set (\d+) at least/.exec(
      told.join(''),
    ) ?? []
  // up, probes, 5 reasons, 2 transitions, 11 of the histogram, connect and processing.
  t.equal(Math.floor(Number(needed) / COUNT), 22)
  const again = startProbing(t, probingConfig({ backends }, times), { maxSeries: Number(enough) })
  const all = async () => total(await again.page(), 'quic_lb_backend_up') === COUNT
  await until('all to be up', all, { withinMs: 30_000, everyMs: 100 })
  t.notOk((await again.page()).has('quic_exporter_label_overflow_total'), 'the number is enough')
})

t.test('backends that never answer are warned of when they would hold all places', async (t) => {
  const backends = Array.from({ length: 20 }, (_, i) => ({
    name: `b${i}`,
    probe: 'tcp://127.0.0.1:9',
  }))
  const times = { intervalMs: 4000, timeoutMs: 3000, maxConcurrent: 14 }
  const { lines, probing } = startProbing(t, probingConfig({ backends }, times))
  t.match(lines.join(''), /take 15 turns at once and probes\.max_concurrent is 14/)
  const { length } = lines
  probing.change(probingConfig({ backends }, { ...times, maxConcurrent: 15 }))
  t.equal(lines.length, length, 'enough')
})

/** Verdicts outlive a restart for as long as they say something; what was counted does not. */
import t from 'tap'
import { Checkpoint } from '../exporter/checkpoint.ts'
import { modulesOf } from '../exporter/config/modules.ts'
import { createPipeline } from '../exporter/pipeline.ts'
import { questionOf } from '../exporter/probing/backend-probe.ts'
import { configuredSpecs } from '../exporter/probing/backend-spec.ts'
import { OwnProbes } from '../exporter/probing/own-probes.ts'
import type { SavedVerdict } from '../exporter/probing/verdicts.ts'
import { FakeClock } from './support/fake-clock.ts'
import { total } from './support/page.ts'
import { probingConfig, startHealthServer, startProbing } from './support/probing.ts'

const UP = 'quic_lb_backend_up'
const NEVER = { intervalMs: 3_600_000 }
const FIVE_MINUTES = 300_000

t.test('a verdict goes on in the next process, counters begin at 0', async (t) => {
  const server = await startHealthServer(t)
  const written = { backends: [{ name: 'b1', probe: server.url }] }
  const first = startProbing(t, probingConfig(written))
  await first.untilTotal(UP, {}, (up) => up === 1)
  await first.probing.stop()
  const saved = first.probing.saved()
  t.equal(saved.length, 1)
  const second = startProbing(t, probingConfig(written, NEVER), { saved })
  const page = await second.page()
  t.equal(total(page, UP, { backend: 'b1' }), 1, 'before any probe')
  t.equal(total(page, 'quic_lb_backend_probes_total'), 0)
  t.equal(total(page, 'quic_lb_backend_transitions_total'), 0)
  t.same(second.probing.saved(), saved, 'and is as old as it was')
})

t.test('what goes on is the verdict, not how near the next one was', async (t) => {
  const server = await startHealthServer(t)
  const written = { backends: [{ name: 'b1', probe: server.url, fall: 3 }] }
  const first = startProbing(t, probingConfig(written))
  await first.untilTotal(UP, {}, (up) => up === 1)
  await first.probing.stop()
  await server.close()
  const saved = first.probing.saved()
  const second = startProbing(t, probingConfig(written), { saved })
  await second.untilTotal(UP, {}, (up) => up === 0)
  const failed = total(await second.page(), 'quic_lb_backend_probes_failed_total') ?? 0
  t.ok(failed >= 3, `${failed} failures`)
  t.equal(total(await second.page(), 'quic_lb_backend_transitions_total', { state: 'down' }), 1)
})

t.test('an old verdict, one of another question or of the future says nothing', async (t) => {
  const port = 9
  const config = (path: string) =>
    probingConfig({ backends: [{ name: 'b1', probe: `http://127.0.0.1:${port}/${path}` }] }, NEVER)
  const clock = new FakeClock()
  const options = { clock, saved: [] }
  const { probing } = startProbing(t, config('a'), options)
  t.same(probing.saved(), [], 'no verdict, nothing to save')
  const [spec] = configuredSpecs(config('a'), modulesOf([]))
  const question = spec === undefined ? '' : questionOf(spec)
  const verdict = (agoMs: number): SavedVerdict => ({
    backend: 'b1',
    question,
    health: 'down',
    at: clock.wall() - agoMs,
  })
  const upAfter = async (saved: readonly SavedVerdict[], path = 'a') =>
    total(await startProbing(t, config(path), { clock, saved }).page(), UP)
  t.equal(await upAfter([verdict(FIVE_MINUTES)]), 0)
  t.equal(await upAfter([verdict(FIVE_MINUTES + 1)]), undefined)
  t.equal(await upAfter([verdict(-1)]), undefined, 'the clock was set back')
  t.equal(await upAfter([verdict(0)], 'b'), undefined, 'another path')
  t.equal(await upAfter([{ ...verdict(0), backend: 'b2' }]), undefined, 'another backend')
})

t.test('the state on disk holds verdicts, and an older one without them is read', async (t) => {
  const pipeline = createPipeline()
  const verdicts = [{ backend: 'b1', question: 'q', health: 'up', at: 5 }] as const
  let restored: readonly SavedVerdict[] | undefined
  const keeper = {
    saved: () => verdicts,
    restore: (saved: readonly SavedVerdict[]) => {
      restored = saved
    },
    own: new OwnProbes(),
  }
  const lists = { connections: [], over: [] }
  const writer = new Checkpoint(pipeline, lists, () => [], undefined, keeper)
  const reader = new Checkpoint(createPipeline(), lists, () => [], undefined, keeper)
  reader.restore([writer.batch()])
  t.same(restored, verdicts)
  const without = new Checkpoint(createPipeline(), lists, () => [])
  reader.restore([without.batch()])
  t.same(restored, [])
})

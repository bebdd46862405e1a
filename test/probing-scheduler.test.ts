/** When probes have their turns: spread, on time for ever, bounded, in order, whatever single ones do. */
import fc from 'fast-check'
import t from 'tap'
import { DueHeap } from '../exporter/probing/due-heap.ts'
import { placeOf } from '../exporter/probing/place.ts'
import { JITTER, type Job, Scheduler } from '../exporter/probing/scheduler.ts'
import { FakeClock } from './support/fake-clock.ts'
import { seeded } from './support/seeded.ts'

interface TestJob extends Job {
  readonly turns: number[]
  readonly longest: { atOnce: number; now: number }
}

/** A job whose turns take `takesMs`; `Infinity`: until the test ends. */
function job(
  clock: FakeClock,
  { offset = 0, intervalMs = 15_000, takesMs = 0 }: Partial<Record<string, number>> = {},
): TestJob {
  const turns: number[] = []
  const longest = { atOnce: 0, now: 0 }
  return {
    offset,
    intervalMs,
    turns,
    longest,
    run() {
      turns.push(clock.now())
      longest.now += 1
      longest.atOnce = Math.max(longest.atOnce, longest.now)
      return new Promise<void>((resolve) => {
        const end = () => {
          longest.now -= 1
          resolve()
        }
        if (takesMs === 0) end()
        else if (takesMs < Infinity) clock.after(takesMs, end)
      })
    },
  }
}

const below = seeded(1)
const anyShare = () => below(1_000_000) / 1_000_000

function scheduler(clock: FakeClock, maxConcurrent = 100, share = anyShare) {
  const delays: number[] = []
  const made = new Scheduler({
    clock,
    maxConcurrent,
    random: share,
    began: (delayMs) => delays.push(delayMs),
  })
  return { made, delays }
}

t.test(
  'the first turn comes within one interval, and turns keep their place for ever',
  async (t) => {
    const clock = new FakeClock()
    const { made } = scheduler(clock)
    const one = job(clock, { offset: 0.25, intervalMs: 10_000, takesMs: 4000 })
    made.add(one)
    await clock.pass(10_000_000)
    t.equal(one.turns.length, 1000)
    one.turns.forEach((at, turn) => {
      const planned = 1000 + 2500 + turn * 10_000
      const isInPlace = at >= planned && at <= planned + JITTER * 10_000
      if (!isInPlace) t.fail(`turn ${turn} at ${at}, planned at ${planned}`)
    })
    const gaps = new Set(
      one.turns.slice(1).map((at, i) => Math.round(at - (one.turns[i] as number))),
    )
    t.ok(gaps.size > 100, 'not in step with anything else')
  },
)

t.test('late timers do not add up', async (t) => {
  const clock = new FakeClock()
  const { made, delays } = scheduler(clock)
  const one = job(clock, { intervalMs: 1000 })
  clock.lateMs = 40
  made.add(one)
  await clock.pass(1_000_000)
  const last = one.turns.at(-1) as number
  t.equal(one.turns.length, 1000)
  t.ok(last - 1000 < 999_000 + 1000 * JITTER + 41, `${last}`)
  t.ok(Math.max(...delays) <= 41, 'and the delay is told as it is')
  t.ok(Math.min(...delays) >= 0)
})

t.test('names are spread evenly over the interval', async (t) => {
  const buckets = new Array<number>(20).fill(0)
  for (let i = 0; i < 2000; i += 1) {
    const place = placeOf(`backend-${i}`)
    t.equal(place, placeOf(`backend-${i}`))
    buckets[Math.floor(place * 20)] = (buckets[Math.floor(place * 20)] ?? 0) + 1
  }
  t.ok(Math.min(...buckets) > 60 && Math.max(...buckets) < 140, buckets.join(' '))
})

t.test('a job never runs twice at once: turns it misses are gone', async (t) => {
  const clock = new FakeClock()
  const { made } = scheduler(clock, 100, () => 0)
  const slow = job(clock, { intervalMs: 1000, takesMs: 2500 })
  made.add(slow)
  await clock.pass(30_000)
  t.equal(slow.longest.atOnce, 1)
  t.same(slow.turns.slice(0, 4), [1000, 4000, 7000, 10_000], 'each at a place of the plan')
})

t.test('after a sleep of the machine nothing is made up for', async (t) => {
  const clock = new FakeClock()
  const { made } = scheduler(clock, 100, () => 0)
  const jobs = Array.from({ length: 50 }, (_, i) =>
    job(clock, { offset: i / 50, intervalMs: 1000 }),
  )
  for (const one of jobs) made.add(one)
  await clock.pass(1000)
  clock.jump(3_600_000)
  await clock.pass(5000)
  for (const { turns } of jobs) {
    t.ok(turns.length >= 6 && turns.length <= 8, `${turns.length} turns`)
    t.equal((((turns.at(-1) as number) - 1000) % 1000) - ((turns[0] as number) - 1000), 0)
  }
})

t.test('never more at once than allowed, and who waits is served in order', async (t) => {
  const clock = new FakeClock()
  const { made, delays } = scheduler(clock, 3, () => 0)
  const order: number[] = []
  let running = 0
  let most = 0
  const jobs = Array.from(
    { length: 10 },
    (_, i): Job => ({
      offset: i / 1000,
      intervalMs: 100_000,
      async run() {
        order.push(i)
        running += 1
        most = Math.max(most, running)
        await new Promise<void>((resolve) => clock.after(1000, resolve))
        running -= 1
      },
    }),
  )
  for (const one of jobs.toReversed()) made.add(one)
  await clock.pass(950)
  t.equal(made.running, 3)
  t.equal(made.waiting, 7)
  await clock.pass(5000)
  t.equal(most, 3)
  t.same(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  t.ok(Math.max(...delays) > 2000, 'waiting for a place is a delay')
})

t.test('half of 2,000 backends that never answer delay no other', async (t) => {
  const clock = new FakeClock()
  const { made, delays } = scheduler(clock, 512)
  const jobs = Array.from({ length: 2000 }, (_, i) => {
    const takesMs = i % 2 === 0 ? 3000 : 5
    return job(clock, { offset: placeOf(`b${i}`), takesMs })
  })
  for (const one of jobs) made.add(one)
  await clock.pass(60_000)
  t.ok(delays.length > 7500, `${delays.length} turns`)
  t.equal(Math.max(...delays), 0, 'not even by a millisecond, if the machine keeps up')
})

t.test(
  'what is taken out has no further turn; what is put back does not run twice at once',
  async (t) => {
    const clock = new FakeClock()
    const { made } = scheduler(clock, 1, () => 0)
    const holds = job(clock, { intervalMs: 10_000, takesMs: 5000 })
    const waits = job(clock, { intervalMs: 10_000, offset: 0.1 })
    made.add(holds)
    made.add(waits)
    await clock.pass(2000)
    t.equal(made.waiting, 1)
    made.remove(waits)
    made.remove(holds)
    t.equal(made.waiting, 0)
    made.add(holds)
    await clock.pass(30_000)
    t.same(waits.turns, [])
    t.equal(holds.longest.atOnce, 1)
    t.ok(holds.turns.length >= 3)
    made.remove(holds)
    const { length } = holds.turns
    await clock.pass(50_000)
    t.equal(holds.turns.length, length)
  },
)

t.test('a larger limit serves those who wait', async (t) => {
  const clock = new FakeClock()
  const { made } = scheduler(clock, 1, () => 0)
  for (let i = 0; i < 5; i += 1) made.add(job(clock, { takesMs: 4000 }))
  await clock.pass(10)
  t.equal(made.running, 1)
  made.limit(4)
  t.equal(made.running, 4)
  t.equal(made.waiting, 1)
})

t.test('stop waits for turns that are going on, begins none and leaves no timer', async (t) => {
  const clock = new FakeClock()
  const { made } = scheduler(clock, 2, () => 0)
  const jobs = Array.from({ length: 4 }, () => job(clock, { takesMs: 4000 }))
  for (const one of jobs) made.add(one)
  await clock.pass(10)
  let isStopped = false
  void made.stop().then(() => {
    isStopped = true
  })
  await clock.pass(3000)
  t.notOk(isStopped)
  await clock.pass(2000)
  t.ok(isStopped)
  t.equal(jobs.filter(({ turns }) => turns.length > 0).length, 2)
  t.equal(clock.timers, 0)
  made.add(job(clock))
  t.equal(clock.timers, 0)
})

t.test('of a heap the smallest comes first, whatever was put in', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(50), fc.constant('pop' as const))), (steps) => {
      const heap = new DueHeap<{ dueAt: number }>()
      const model: number[] = []
      for (const step of steps) {
        if (step === 'pop') {
          model.sort((a, b) => a - b)
          if (heap.pop()?.dueAt !== model.shift()) return false
        } else {
          heap.push({ dueAt: step })
          model.push(step)
        }
        if (heap.size !== model.length) return false
        if (heap.first()?.dueAt !== (model.length === 0 ? undefined : Math.min(...model)))
          return false
      }
      return true
    }),
    { numRuns: 500 },
  )
  t.pass()
})

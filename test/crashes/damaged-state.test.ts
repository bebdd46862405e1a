import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Damage, damagesOf } from './support/damages.ts'
import { temporaryDirectory } from './support/directory.ts'
import { killableExporter } from './support/exporter.ts'
import { faultTest } from './support/report.ts'
import { randomness } from './support/seed.ts'
import { COUNTER, type LeftState, leaveState } from './support/written-states.ts'

/** Every so many damages, whether what the survivor writes in turn is a good state. */
const NEXT_LIFE_EVERY = 4

faultTest(
  {
    id: 'F-40',
    fault: 'the state is cut short, has flipped bits, is of a newer schema, or is something else',
    expected: 'starts from the last whole batch, or clean with state_restored 0; exact, no crash',
  },
  false,
  async (t) => {
    const random = randomness(t)
    const left = await leaveState(t, random)
    const damages = damagesOf(
      left.bytes,
      left.batches.map(({ end }) => end),
      random,
    )
    let restored = 0
    for (const [i, damage] of damages.entries()) {
      if (await outlives(t, left, damage, i % NEXT_LIFE_EVERY === 0)) restored += 1
    }
    const clean = damages.length - restored
    return `${damages.length} states: ${restored} restored, ${clean} started clean; all exact, no crash`
  },
)

/** Starts an exporter on a damaged state and checks what it makes of it; whether it restored any. */
async function outlives(
  t: Test,
  { logs, onDisk, batches }: LeftState,
  { what, bytes, from }: Damage,
  nextLife: boolean,
): Promise<boolean> {
  const storage = join(temporaryDirectory(t), 'state')
  mkdirSync(storage)
  writeFileSync(join(storage, 'state'), bytes)
  const exporter = await killableExporter(t, { logs, storage, startAt: 'beginning' })
  const whole = batches.findLast(({ end }) => end <= from)
  const truth = onDisk + (whole?.ofDeleted ?? 0)

  exporter.program.start()
  const first = await exporter.untilPage(`${what}: a page`, () => true)
  const isRestored = first.value('quic_exporter_state_restored') === 1
  if (whole !== undefined) t.equal(isRestored, true, `${what}: restored`)
  // Not only in the end: the first page waits until the backlog is read.
  if (isRestored) t.equal(first.value(COUNTER), truth, `${what}: exact from the first page on`)
  else
    await exporter.untilPage(`${what}: ${truth} packets`, (page) => page.value(COUNTER) === truth)
  await exporter.program.kill()
  if (nextLife) {
    exporter.program.start()
    const next = await exporter.untilPage(`${what}: a page of the next life`, () => true)
    t.equal(next.value('quic_exporter_state_restored'), 1, `${what}: what it writes is a state`)
    t.equal(next.value(COUNTER), truth, `${what}: and exact`)
    await exporter.program.kill()
  }
  t.same(exporter.program.crashes, [], `${what}: never ended by itself`)
  return isRestored
}

import fc from 'fast-check'
import t from 'tap'
import { TailShared } from '../exporter/tail/tailer.ts'
import { GRACE_MS, harness } from './support/tail-harness.ts'
import type { Action, ModelFile } from './support/tail-model.ts'
import { Model } from './support/tail-model.ts'

type Kind = Action['type']

const number = fc.nat({ max: 20 })

const CHANCES: { readonly [K in Kind]: readonly [number, fc.Arbitrary<Action>] } = {
  create: [4, fc.record({ type: fc.constant('create'), name: number })],
  write: [8, fc.record({ type: fc.constant('write'), file: number, records: fc.nat({ max: 40 }) })],
  tear: [3, fc.record({ type: fc.constant('tear'), file: number })],
  sweep: [6, fc.record({ type: fc.constant('sweep') })],
  hint: [3, fc.record({ type: fc.constant('hint'), name: number })],
  wait: [3, fc.record({ type: fc.constant('wait'), ms: fc.nat({ max: 2 * GRACE_MS }) })],
  move: [2, fc.record({ type: fc.constant('move'), name: number, to: number })],
  replace: [1, fc.record({ type: fc.constant('replace'), name: number, to: number })],
  aside: [2, fc.record({ type: fc.constant('aside'), name: number })],
  back: [2, fc.record({ type: fc.constant('back'), file: number, name: number })],
  unlink: [2, fc.record({ type: fc.constant('unlink'), name: number })],
  release: [1, fc.record({ type: fc.constant('release'), file: number })],
  truncate: [2, fc.record({ type: fc.constant('truncate'), name: number })],
}

function actionsWithout(...kinds: Kind[]): fc.Arbitrary<Action[]> {
  const chances = Object.entries(CHANCES).filter(([kind]) => !kinds.includes(kind as Kind))
  const choices = chances.map(([, [weight, arbitrary]]) => ({ weight, arbitrary }))
  return fc.array(fc.oneof(...choices), { minLength: 1, maxLength: 80 })
}

/** Whole records, by file, in the order in which they were applied. */
function applied(lines: readonly string[]): string[] {
  return lines.filter((line) => /^\d+:\d+;$/.test(line))
}

/** What the tailer must have applied of a file: all that is whole. */
function wholeRecords(file: ModelFile): string[] {
  if (!file.seen) return []
  return file.torn ? file.records.slice(0, -1) : file.records
}

async function play(t: Parameters<typeof harness>[0], actions: readonly Action[], open: number) {
  const truncates = actions.some(({ type }) => type === 'truncate')
  const all = harness(t, { shared: new TailShared(open) }, truncates)
  const model = new Model(all)
  for (const action of actions) await model.run(action)
  await model.sweep()
  model.end()
  await all.settle()
  return { ...all, files: model.files, records: applied(all.lines()) }
}

t.test('without truncation every whole record counts once', async (t) => {
  const property = fc.asyncProperty(actionsWithout('truncate'), async (actions) => {
    const { files, records, seen, accounted, tailer } = await play(t, actions, 1000)
    const once = new Set(records)
    if (once.size !== records.length) throw new Error('a record was applied twice')
    for (const file of files) {
      for (const record of wholeRecords(file)) {
        if (!once.has(record) && !file.doubtful.has(record)) throw new Error(`${record} is missing`)
      }
      const own = records.filter((record) => record.startsWith(`${file.id}:`))
      if (own.join() !== own.toSorted(bySequence).join()) throw new Error('out of order')
    }
    const bytes = files.reduce((sum, file) => sum + (file.seen ? file.bytes : 0), 0)
    if (accounted() !== bytes) throw new Error(`${accounted()} bytes of ${bytes} accounted for`)
    if (seen.resets.length > 0 || seen.errors.length > 0) throw new Error('reset or error')
    if (Object.keys(seen.lost).length > 0) throw new Error('lost bytes')
    const named = files.filter(({ name }) => name !== undefined).length
    if (tailer.status().filesOpen !== named) throw new Error('files stayed open')
    await tailer.stop()
  })
  await fc.assert(property, { numRuns: 300 })
  t.pass()
})

t.test(
  'with two open files every whole record of a file that keeps a name counts once',
  async (t) => {
    const kinds = ['truncate', 'unlink', 'aside', 'back', 'replace'] as const
    const property = fc.asyncProperty(actionsWithout(...kinds), async (actions) => {
      const moves = actions.filter((action) => action.type !== 'move' || action.to >= 1000)
      const { files, records, accounted, tailer } = await play(t, moves, 2)
      const once = new Set(records)
      if (once.size !== records.length) throw new Error('a record was applied twice')
      for (const record of files.flatMap(wholeRecords)) {
        if (!once.has(record)) throw new Error(`${record} is missing`)
      }
      const bytes = files.reduce((sum, file) => sum + (file.seen ? file.bytes : 0), 0)
      if (accounted() !== bytes) throw new Error(`${accounted()} bytes of ${bytes} accounted for`)
      await tailer.stop()
    })
    await fc.assert(property, { numRuns: 150 })
    t.pass()
  },
)

t.test('whatever happens no record counts twice and no byte vanishes unseen', async (t) => {
  const property = fc.asyncProperty(
    actionsWithout(),
    fc.integer({ min: 1, max: 6 }),
    async (actions, open) => {
      const { files, records, accounted, tailer } = await play(t, actions, open)
      if (new Set(records).size !== records.length) throw new Error('a record was applied twice')
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
      if (accounted() > bytes) throw new Error(`${accounted()} bytes of ${bytes} accounted for`)
      const { filesOpen, filesParked, filesComplete } = tailer.status()
      const named = files.filter(({ name }) => name !== undefined).length
      if (filesOpen + filesParked + filesComplete !== named) throw new Error('files stayed')
      await tailer.stop()
    },
  )
  await fc.assert(property, { numRuns: 300 })
  t.pass()
})

function bySequence(a: string, b: string): number {
  return Number(a.split(/[:;]/)[1]) - Number(b.split(/[:;]/)[1])
}

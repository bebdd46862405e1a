import t from 'tap'
import { tryMutations } from '../../scripts/alerts-trials.ts'
import { peer, skipWithout } from './peers.ts'

const skip = skipWithout('promtool')

t.test('no small fault in a rule goes unnoticed by its unit tests', { skip }, async (t) => {
  const { tried, untried, complaints } = await tryMutations(peer('promtool'))
  t.comment(`${tried} faults, ${untried} not tried`)
  t.ok(tried > 700, 'every rule was given several')
  t.same(complaints, [])
})

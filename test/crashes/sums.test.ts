import t from 'tap'
import { growthOf, growthOfAll } from './support/sums.ts'

const series = (...values: number[]) => ({
  labels: {},
  samples: values.map((value, i) => [i, value] as const),
})

t.test('the measure itself: raw samples to what a counter has grown by', async (t) => {
  t.match(growthOf(series(0, 5, 5, 9)), { increase: 9, resets: 0, first: 0, last: 9 })
  t.match(growthOf(series(0, 5, 2, 4)), { increase: 9, resets: 1 }, 'after a reset all counts')
  t.match(growthOf(series(0, 5, 0, 0, 3, 1)), { increase: 9, resets: 2 })
  t.match(growthOf(series(7, 9)), { increase: 2, first: 7 }, 'before the first sample nothing')
  t.match(growthOfAll([series(0, 3), series(1, 0)]), { increase: 3, resets: 1, first: 1, last: 3 })
  t.match(growthOfAll([]), { increase: 0, resets: 0 })
})

/** A verdict changes after so many results in a row, never after one alone. */
import fc from 'fast-check'
import t from 'tap'
import { type Health, Verdict } from '../exporter/probing/verdict.ts'

/** The verdicts after each result. */
function verdicts(results: string, rise: number, fall: number, before?: Health): string {
  const verdict = new Verdict({ rise, fall }, before)
  return [...results]
    .map((one) => {
      verdict.saw(one === '+')
      return { up: 'u', down: 'd', none: '.' }[verdict.health ?? 'none']
    })
    .join('')
}

t.test('the first verdict needs as many results as every other', async (t) => {
  t.equal(verdicts('++', 2, 3), '.u')
  t.equal(verdicts('---', 2, 3), '..d')
  t.equal(verdicts('+-+-+-', 2, 3), '......', 'who never says the same twice is neither')
  t.equal(verdicts('+', 1, 1), 'u')
  t.equal(verdicts('-', 1, 1), 'd')
})

t.test('one bad result changes nothing, nor do two with a good one between', async (t) => {
  t.equal(verdicts('++-+--+---', 2, 3), '.uuuuuuuud')
  t.equal(verdicts('---+-++', 2, 3), '..ddddu')
})

t.test('what was known before holds until enough results say otherwise', async (t) => {
  t.equal(verdicts('--', 2, 3, 'up'), 'uu')
  t.equal(verdicts('---', 2, 3, 'up'), 'uud')
  t.equal(verdicts('+-+', 2, 3, 'down'), 'ddd')
  t.equal(verdicts('++', 2, 3, 'down'), 'du')
})

t.test('other thresholds count from the next result on', async (t) => {
  const verdict = new Verdict({ rise: 5, fall: 5 })
  for (let i = 0; i < 3; i += 1) t.equal(verdict.saw(true), undefined)
  verdict.change({ rise: 2, fall: 2 })
  t.equal(verdict.health, undefined)
  t.equal(verdict.saw(true), 'up')
  t.equal(verdict.saw(true), undefined, 'told once')
})

t.test('it is the last run that was long enough, for all results there can be', async (t) => {
  const threshold = fc.integer({ min: 1, max: 4 })
  fc.assert(
    fc.property(fc.array(fc.boolean()), threshold, threshold, (results, rise, fall) => {
      const verdict = new Verdict({ rise, fall })
      return results.every((isGood, index) => {
        const before = verdict.health
        const told = verdict.saw(isGood)
        const until = results
          .slice(0, index + 1)
          .map((one) => (one ? '+' : '-'))
          .join('')
        const endOf = (run: string) => {
          const start = until.lastIndexOf(run)
          return start < 0 ? -1 : start + run.length
        }
        const [lastUp, lastDown] = [endOf('+'.repeat(rise)), endOf('-'.repeat(fall))]
        const expected = lastUp === lastDown ? undefined : lastUp > lastDown ? 'up' : 'down'
        return verdict.health === expected && told === (before === expected ? undefined : expected)
      })
    }),
    { numRuns: 500 },
  )
  t.pass()
})

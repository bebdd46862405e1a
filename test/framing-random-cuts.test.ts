/** Every recording in 200 random cuttings: the same page, whatever the reads returned. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { fixtures } from './support/fixtures.ts'
import { seeded } from './support/seeded.ts'
import { readText } from './support/trace.ts'

/** Where bytes are cut has nothing to do with the line of Node.js: all of them on the one that is shipped. */
const CUTTINGS = process.version.startsWith('v24.') ? 200 : 20

t.setTimeout(600_000)

for (const fixture of fixtures()) {
  t.test(`${fixture.name}: the page over ${CUTTINGS} random cuttings`, async (t) => {
    const file = readFileSync(fixture.path)
    const expected = await readText([file], { vantage: fixture.vantage })
    const wrong: number[] = []
    for (let seed = 1; seed <= CUTTINGS; seed += 1) {
      const random = seeded(seed)
      const largest = [16, 300, 5_000, 70_000][seed % 4] as number
      const pieces: number[] = []
      for (let rest = file.length; rest > 0; rest -= pieces.at(-1) as number) {
        pieces.push(1 + random(largest))
      }
      if ((await readText([file], { vantage: fixture.vantage, pieces })) !== expected)
        wrong.push(seed)
    }
    t.same(wrong, [], 'seeds with another page')
  })
}

/** The bytes of a record that is too long are lost, to the byte, however the file is cut. */
import t from 'tap'
import { Framer } from '../qlog-parsers/index.ts'

const MOST = 100
const FILE = Buffer.from(
  `{"a":1}\n${'x'.repeat(MOST + 1)}\n{"b":2}\n${'y'.repeat(950)}\u001e{"c":3}\n${'z'.repeat(777)}`,
)
const LOST = MOST + 1 + 950 + 777

t.test('dropped bytes are those of the three long records', (t) => {
  for (const chunk of [1, 7, 64, 101, 4096]) {
    let records = 0
    let tooLong = 0
    let dropped = 0
    let used = 0
    const framer = new Framer(MOST, {
      record: () => {
        records += 1
      },
      rejected: (reason) => {
        if (reason === 'too_long') tooLong += 1
      },
    })
    for (let end = chunk; used < FILE.length; end += chunk) {
      used += framer.feed(FILE.subarray(used, Math.min(end, FILE.length)), end >= FILE.length)
      dropped += framer.takeDropped()
    }
    t.same(
      { records, tooLong, dropped },
      { records: 3, tooLong: 3, dropped: LOST },
      `chunks of ${chunk}`,
    )
  }
  t.end()
})

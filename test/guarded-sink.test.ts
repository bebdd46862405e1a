/** A fault in reading one file: told once, its bytes counted as lost, nothing thrown. */
import t from 'tap'
import { guarded } from '../exporter/guarded-sink.ts'
import type { FileSink } from '../exporter/tail/sink.ts'

t.test('a sink that throws is not called again, and every byte is accounted for', (t) => {
  const calls: string[] = []
  const sink: FileSink = {
    header: () => void calls.push('header'),
    skipToRecord: () => void calls.push('skipToRecord'),
    silent: () => calls.push('silent') === 0,
    closed: () => void calls.push('closed'),
    finished: () => true,
    state: () => void calls.push('state'),
    feed(chunk) {
      calls.push('feed')
      if (chunk.length > 4) throw new Error('too much')
      return 3
    },
  }
  const errors: unknown[] = []
  let lost = 0
  const safe = guarded(sink, {
    failed: (error) => void errors.push(error),
    lost: (bytes) => {
      lost += bytes
    },
  })
  t.equal(safe.feed(new Uint8Array(4), false), 3)
  t.equal(safe.finished(), true)
  t.equal(safe.feed(new Uint8Array(5), false), 5)
  t.equal(safe.feed(new Uint8Array(2), true), 2)
  safe.silent(1)
  safe.closed()
  t.equal(safe.finished(), false, 'what was not read to its end is not finished')
  t.same(calls, ['feed', 'feed'])
  t.match(errors, [{ message: 'too much' }])
  t.equal(errors.length, 1)
  t.equal(lost, 7)
  t.end()
})

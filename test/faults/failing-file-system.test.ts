/** A call of the file system fails once, whichever it is: nothing is lost, and the failure is counted. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { total } from '../support/page.ts'
import { configured } from '../support/restarts.ts'
import { Book, packet } from './support/book.ts'
import { fault } from './support/fault.ts'
import { LogFile } from './support/log-file.ts'
import { answered, committed, died, looked } from './support-random/coverage.ts'
import { differenceOf, expectedOf, figuresOf, sumOf } from './support-random/expected.ts'
import { type Call, FailingCalls, WATCHED } from './support-random/failing-calls.ts'
import { Life } from './support-random/life.ts'
import type { FileAction } from './support-random/schedule.ts'
import { World } from './support-random/world.ts'

/** Longer than a file is left alone after a failure. */
const PAUSE_MS = 1100
const LOOKS = 3
/** Longer than all steps that a file is written on after it was taken away. */
const GRACE_MS = 60_000
const CODES = ['EIO', 'ESTALE']
const SLICE_BYTES = 1 << 20
const OLD_RECORDS = 5
/** Within a record. */
const CUT = 100

type Step = FileAction | 'restart'

/** Every way in which files come, grow, move and go. */
const STEPS: readonly (readonly Step[])[] = [
  [{ type: 'create', name: 0 }],
  [{ type: 'write', file: 0, records: 3 }],
  [{ type: 'tear', file: 0, percent: 50, long: false }],
  [{ type: 'mend', file: 0 }, 'restart'],
  [{ type: 'rotate', file: 0 }],
  [
    { type: 'create', name: 1 },
    { type: 'write', file: 1, records: 4 },
  ],
  [{ type: 'aside', file: 1 }],
  [{ type: 'write', file: 1, records: 4 }],
  [{ type: 'swap' }, { type: 'write', file: 2, records: 4 }],
  [{ type: 'swap' }, { type: 'write', file: 2, records: 1 }],
  [
    { type: 'create', name: 2 },
    { type: 'tear', file: 4, percent: 100, long: false },
  ],
  // Renamed, and written, while nobody looks.
  ['restart', { type: 'aside', file: 0 }, { type: 'write', file: 0, records: 5 }],
  // Its last record has no end but that of the file.
  [{ type: 'delete', file: 4, closed: true }],
]

/** A failure of any other call can be one to ask again for what is known, and costs nothing. */
const ALWAYS_COUNTED: readonly Call[] = [
  ...(['openSync', 'readSync', 'statSync', 'opendirSync', 'Dir.readSync', 'readdirSync'] as const),
]

fault(
  {
    id: 'F-51',
    fault: 'any one call of the file system fails once, with EIO or ESTALE',
    expected: 'exact; the failure is counted',
  },
  async (t) => {
    const failing = new FailingCalls()
    failing.plan(-1, '')
    const smooth = await takeSteps(failing)
    t.same(smooth, { wrong: undefined, counted: 0 }, 'without a failure')
    const met = new Set<Call>()
    let failures = 0
    for (;;) {
      const code = CODES[failures % CODES.length] ?? ''
      failing.plan(failures, code)
      const { wrong, counted } = await takeSteps(failing)
      const call = failing.calls[failures]
      if (call === undefined) break
      const where = `${code} at call ${failures}, ${call}`
      if (wrong !== undefined) t.fail(`${where}: ${wrong}`)
      const least = ALWAYS_COUNTED.includes(call) ? 1 : 0
      if (counted < least || counted > 1) t.fail(`${where}: counted ${counted} times`)
      met.add(call)
      failures += 1
    }
    t.same([...met].sort(), [...WATCHED].sort(), 'every call of the file system failed')
    return `exact after each of ${failures} failures`
  },
)

interface Outcome {
  readonly wrong: string | undefined
  /** Failures that were counted. */
  readonly counted: number
}

/**
 * Takes all steps with one exporter after the other, and lets everything end. There is a file that was
 * there before the first of them, in the middle of a record: only what follows that one counts.
 */
async function takeSteps(failing: FailingCalls): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'failing-'))
  const [root, storage] = [join(directory, 'qlog'), join(directory, 'state')]
  const clock = { ms: Date.now(), now: () => clock.ms }
  const times = { now: clock.now, writesForMs: GRACE_MS, graceMs: GRACE_MS, endsAreKnown: true }
  const world = new World({ root, away: join(directory, 'away'), ...times })
  mkdirSync(storage)
  const config = configured(...['--qlog-dir', root, '--tail.rotate-grace', `${GRACE_MS}ms`])
  let counted = 0
  let life = new Life(config, storage, SLICE_BYTES, clock)
  const look = async (times: number, pauseMs: number) => {
    for (let i = 0; i < times; i += 1) {
      await failing.during(() => life.look())
      looked(world, GRACE_MS)
      clock.ms += pauseMs
    }
  }
  const end = async () => {
    counted += total(await life.page(), 'quic_exporter_file_errors_total') ?? 0
    await life.keeper.save()
    await life.release()
    died(world, false)
  }
  const book = new Book()
  const old = new LogFile(book, join(root, 'old.sqlog'))
  old.append(OLD_RECORDS)
  const torn = packet(OLD_RECORDS)
  old.write(torn.slice(0, CUT))
  const before = { packets: book.packets, payload: book.payload, seen: book.written }
  try {
    await look(LOOKS, PAUSE_MS)
    old.write(torn.slice(CUT))
    old.append(OLD_RECORDS)
    for (const step of STEPS) {
      for (const action of step) {
        if (action === 'restart') {
          committed(world)
          answered(world)
          await end()
          life = new Life(config, storage, SLICE_BYTES, clock)
        } else world.act(action)
      }
      await look(LOOKS, PAUSE_MS)
    }
    await look(LOOKS, GRACE_MS)
    const expected = sumOf([
      expectedOf(world),
      {
        packets: book.packets - before.packets,
        payload: book.payload - before.payload,
        seen: book.written - before.seen,
        connections: 1,
      },
    ])
    const wrong = differenceOf(figuresOf(await life.page()), expected)
    await end()
    return { wrong, counted }
  } finally {
    world.end()
    old.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** F-40: a state file that is cut short, changed or foreign is never read as what it is not. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import {
  FRAME_HEAD_BYTES,
  type FrameKind,
  frameHead,
  HEADER_BYTES,
  header,
  SCHEMA,
} from '../exporter/state/frame.ts'
import { type LoadedState, loadState } from '../exporter/state/load-state.ts'
import { StateFile } from '../exporter/state/state-file.ts'

const noFailures = (error: Error) => {
  throw error
}

interface Written {
  readonly kind: FrameKind
  readonly text: string
}

/** An image in two parts and its commit; then commits, an empty one and one with a slice before. */
const FRAMES: readonly Written[] = [
  { kind: 'part', text: 'first part' },
  { kind: 'part', text: 'second part' },
  { kind: 'commit', text: 'one' },
  { kind: 'commit', text: '' },
  { kind: 'part', text: 'a slice of the next' },
  { kind: 'commit', text: 'three' },
  { kind: 'commit', text: 'four '.repeat(100) },
]

/** How many of them are there before the first commit. */
const IMAGE_PARTS = 2

/** Where each frame ends, bytes. */
const ENDS: readonly number[] = FRAMES.map((_, index) =>
  FRAMES.slice(0, index + 1).reduce(
    (sum, { text }) => sum + FRAME_HEAD_BYTES + text.length,
    HEADER_BYTES,
  ),
)

/** The file as StateFile itself writes it. */
async function written(t: Test): Promise<{ readonly dir: string; readonly bytes: Buffer }> {
  const dir = t.testdir()
  const file = new StateFile(dir, 'async', noFailures)
  const payloads = FRAMES.map(({ text }) => Buffer.from(text))
  await file.rewrite(payloads.slice(0, IMAGE_PARTS).values())
  for (const [index, payload] of payloads.entries()) {
    if (index < IMAGE_PARTS) continue
    if (FRAMES[index]?.kind === 'commit') await file.commit(payload)
    else await file.slice(payload)
  }
  await file.close()
  return { dir, bytes: readFileSync(join(dir, 'state')) }
}

function load(dir: string, bytes: Uint8Array): LoadedState {
  writeFileSync(join(dir, 'state'), bytes)
  return loadState(dir)
}

function texts(loaded: LoadedState): string[] {
  if (loaded.type !== 'state') return []
  return loaded.batches.map((batch) => Buffer.from(batch).toString())
}

/** What must be read if so many frames are whole: all up to the last commit among them. */
function upTo(frames: number): string[] {
  const commit = FRAMES.slice(0, frames).findLastIndex(({ kind }) => kind === 'commit')
  return FRAMES.slice(0, commit + 1).map(({ text }) => text)
}

/** How many frames end at or before a byte. */
function wholeAt(length: number): number {
  return ENDS.filter((end) => end <= length).length
}

t.test('a file that is whole is read whole', async (t) => {
  const { dir, bytes } = await written(t)
  t.equal(bytes.length, ENDS.at(-1))
  const loaded = loadState(dir)
  t.same(texts(loaded), upTo(FRAMES.length))
  t.notOk('damage' in loaded)
})

t.test('cut at any byte: the last whole commit before, or nothing', async (t) => {
  const { dir, bytes } = await written(t)
  for (let length = 0; length < bytes.length; length++) {
    const loaded = load(dir, bytes.subarray(0, length))
    const expected = upTo(wholeAt(length))
    const torn = expected.length > 0 && !ENDS.includes(length)
    if (texts(loaded).join('|') !== expected.join('|')) t.fail(`cut at ${length}`, { loaded })
    if (expected.length === 0 && loaded.type !== 'unusable') t.fail(`${length} bytes are a state`)
    const damage = loaded.type === 'state' ? loaded.damage : undefined
    if (torn && !damage?.includes('cut short')) t.fail(`cut at ${length}: ${damage}`)
  }
  t.equal(load(dir, bytes.subarray(0, 0)).type, 'unusable')
})

t.test('any one bit changed: the last whole commit before it, or nothing', async (t) => {
  const { dir, bytes } = await written(t)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes)
    const at = bit >> 3
    changed[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
    const loaded = load(dir, changed)
    const expected = at < HEADER_BYTES ? [] : upTo(wholeAt(at))
    if (texts(loaded).join('|') !== expected.join('|')) t.fail(`bit ${bit}`, { loaded })
    if (expected.length > 0 && !('damage' in loaded)) t.fail(`bit ${bit}: no damage seen`)
    if (expected.length === 0 && loaded.type !== 'unusable') t.fail(`bit ${bit}: usable`)
  }
  t.pass()
})

t.test(
  'several bytes changed, put in or taken out: never a batch that was not written',
  async (t) => {
    const { dir, bytes } = await written(t)
    const position = fc.nat({ max: bytes.length - 1 })
    const property = fc.property(
      position,
      fc.nat({ max: 40 }),
      fc.uint8Array({ maxLength: 40 }),
      (at, taken, put) => {
        const changed = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + taken)])
        const read = texts(load(dir, changed))
        const all = upTo(FRAMES.length)
        if (read.join('|') !== all.slice(0, read.length).join('|')) throw new Error(read.join('|'))
        if (read.length > 0 && read.length < upTo(wholeAt(at)).length) throw new Error('too few')
      },
    )
    fc.assert(property, { numRuns: 3000 })
    t.pass()
  },
)

t.test('frames that are whole but out of place are not read', async (t) => {
  const { dir, bytes } = await written(t)
  const frame = (index: number) => bytes.subarray(ENDS[index - 1], ENDS[index])
  const start = bytes.subarray(0, ENDS[2])
  const swapped = load(dir, Buffer.concat([start, frame(4), frame(3)]))
  t.same(texts(swapped), upTo(3))
  const twice = load(dir, Buffer.concat([start, frame(3), frame(3)]))
  t.same(texts(twice), upTo(4))
  t.match(twice, { damage: `${FRAME_HEAD_BYTES} of ` })
})

t.test('a newer schema is told from damage', async (t) => {
  const { dir, bytes } = await written(t)
  const newer = Buffer.concat([header(SCHEMA + 1), bytes.subarray(HEADER_BYTES)])
  t.match(load(dir, newer), { type: 'unusable', why: `schema ${SCHEMA + 1}` })
})

t.test('what is no state file is unusable, and says why', async (t) => {
  const dir = t.testdir()
  const path = join(dir, 'state')
  t.same(loadState(dir), { type: 'none' })
  t.match(load(dir, Buffer.from('# HELP quic_packets_sent_total')), { why: 'not a state file' })
  t.match(load(dir, header()), { type: 'unusable', why: 'no whole commit' })
  t.match(load(dir, Buffer.alloc(4096)), { type: 'unusable' })
  t.match(loadState(path), { type: 'unusable', why: 'ENOTDIR' })
  rmSync(path)
  mkdirSync(path)
  t.match(loadState(dir), { type: 'unusable', why: 'not a regular file' })
  rmSync(path, { recursive: true })
  t.equal(spawnSync('mkfifo', [path]).status, 0)
  t.match(loadState(dir), { type: 'unusable', why: 'not a regular file' })
})

t.test('parts without a commit are no state', async (t) => {
  const dir = t.testdir()
  const part = Buffer.from('part')
  const head = frameHead('part', part, crc32(header()))
  const loaded = load(dir, Buffer.concat([header(), head.bytes, part]))
  t.match(loaded, { type: 'unusable', why: 'no whole commit' })
})

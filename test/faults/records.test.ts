import { skipWithout } from '../live/peers.ts'
import { promtoolComplaints } from '../live/promtool.ts'
import { packet } from './support/book.ts'
import { ofWritten, untilExact } from './support/exact.ts'
import { fault } from './support/fault.ts'
import { over } from './support/log-file.ts'
import { mix } from './support/mix.ts'
import { makeScene, RECORDS } from './support/scene.ts'

const MIB = 1024 * 1024

/** A record filled up with blanks so that its text has `length` bytes. */
const filled = (record: string, length: number) => `${record.trimEnd().padEnd(length + 1)}\n`

fault(
  {
    id: 'F-27',
    fault: 'record of 1 MiB + 1 B, and one of 1 MiB, among good ones',
    expected: 'all good ones applied, that of 1 MiB too; too_long = 1',
  },
  async (t) => {
    const { book, open, exporter } = await makeScene(t)
    const log = open('a.sqlog')
    log.append(RECORDS / 2)
    for (const record of [filled(packet(0), MIB + 1), filled(book.take(1), MIB)]) {
      await over(500, 17, (i) => log.write(record.slice((i * MIB) / 16, ((i + 1) * MIB) / 16)))
    }
    log.append(RECORDS / 2 - 1)
    const expected = { failed: { too_long: 1 }, lost: { too_long: MIB + 1 } }
    const page = await untilExact(t, exporter, book, expected)
    return `${ofWritten(page, book)}, too_long 1`
  },
)

/** A packet's record with these bytes inside a text, where it has one. */
function withText(bytes: readonly number[], key = 'group_id'): Buffer {
  const [before = '', after = ''] = packet(0, `,"${key}":"|"`).slice(1, -1).split('|')
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)])
}

const BAD_TEXTS: readonly (readonly number[])[] = [
  [0xff],
  [0xc3],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x00],
  [0x07],
  [0x1b, 0x5b, 0x32, 0x4a],
]

fault(
  {
    id: 'F-29',
    fault: 'invalid UTF-8, lone surrogates, control characters',
    expected: 'applied or counted, every label valid UTF-8, promtool content',
  },
  async (t) => {
    const scene = await makeScene(t)
    const { book, exporter } = scene
    const unpaired = ['\\ud800', '\\udc00\\ud800'].map((text) =>
      book.take(1, `,"group_id":"${text}"`).slice(1, -1),
    )
    const records = ['group_id', 'odd'].flatMap((key) => BAD_TEXTS.map((b) => withText(b, key)))
    await mix(scene, [...records, ...unpaired])
    const page = await untilExact(t, exporter, book, { failed: { utf8: 10, json: 6 } })
    const answer = await fetch(`http://${exporter.address}/metrics`)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await answer.arrayBuffer())
    t.notMatch(text, /[^\n\x20-\x7e]/, 'plain text and nothing else')
    const skip = skipWithout('promtool')
    const complaints = skip ? '' : await promtoolComplaints(t, text)
    t.equal(complaints, '', 'promtool check metrics', { skip })
    return `${ofWritten(page, book)}, ${records.length} rejected, promtool content`
  },
)

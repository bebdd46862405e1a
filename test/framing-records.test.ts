/** Bytes to records: one torn or endless record never costs another one. */
import t from 'tap'
import { Framer } from '../qlog-parsers/index.ts'
import { frameText } from './support/framing.ts'
import { total } from './support/page.ts'
import { fileOf, headerOf, read } from './support/trace.ts'

const RS = '\x1e'

t.test('records, however their writer separates them', async (t) => {
  const cases: readonly (readonly [what: string, file: string, records: readonly string[]])[] = [
    ['LF', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['RS and LF', `${RS}{"a":1}\n${RS}{"b":2}\n`, ['{"a":1}', '{"b":2}']],
    ['both mixed', `${RS}{"a":1}\n{"b":2}\n${RS}{"c":3}\n`, ['{"a":1}', '{"b":2}', '{"c":3}']],
    ['CRLF', '{"a":1}\r\n{"b":2}\r\n', ['{"a":1}\r', '{"b":2}\r']],
    ['a byte order mark', '\ufeff{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
    ['a byte order mark and RS', `\ufeff${RS}{"a":1}\n`, ['{"a":1}']],
    ['empty lines', '\n\n{"a":1}\n\r\n \t\n{"b":2}\n\n', ['{"a":1}', '{"b":2}']],
    ['an empty file', '', []],
    ['nothing but LF', '\n\n\n', []],
    ['several RS', `${RS}${RS}{"a":1}\n${RS}\n${RS}${RS}`, ['{"a":1}']],
    ['a run of NUL', `{"a":1}\n${'\0'.repeat(5000)}{"b":2}\n`, ['{"a":1}', '{"b":2}']],
    ['a run of NUL before RS', `${'\0'.repeat(9)}${RS}{"b":2}\n`, ['{"b":2}']],
    ['RS inside a record', `{"a":1,${RS}{"b":2}\n{"c":3}\n`, ['truncated', '{"b":2}', '{"c":3}']],
    [
      'RS inside each record',
      `${RS}{"a"${RS}{"b"${RS}{"c":3}\n`,
      ['truncated', 'truncated', '{"c":3}'],
    ],
    ['RS right behind a record', `{"a":1}${RS}{"b":2}\n`, ['truncated', '{"b":2}']],
    ['a last record without LF', '{"a":1}\n{"b":2}', ['{"a":1}', '~{"b":2}']],
    ['a last record that is torn', '{"a":1}\n{"b":', ['{"a":1}', '~{"b":']],
    ['text that begins like a byte order mark', '\u00ef{"a":1}\n', ['\u00ef{"a":1}']],
  ]
  for (const [what, file, records] of cases) {
    const bytes = Buffer.from(file)
    t.same(frameText(bytes), records, what)
    const each = Array.from(bytes, (_, i) => i + 1)
    t.same(frameText(bytes, each), records, `${what}, byte by byte`)
  }
})

t.test('a record of the largest size is one, a byte more is too long', async (t) => {
  const good = '{"a":1}\n'
  const file = (length: number, end: string) => `${good}${'x'.repeat(length)}${end}`
  const cases: readonly (readonly [number, string, readonly string[]])[] = [
    [100, `\n${good}`, ['{"a":1}', 'x'.repeat(100), '{"a":1}']],
    [101, `\n${good}`, ['{"a":1}', 'too_long', '{"a":1}']],
    [500, `\n${good}`, ['{"a":1}', 'too_long', '{"a":1}']],
    [500, `${RS}${good}`, ['{"a":1}', 'too_long', '{"a":1}']],
    [100, '', ['{"a":1}', `~${'x'.repeat(100)}`]],
    [101, '', ['{"a":1}', 'too_long']],
  ]
  for (const [length, end, expected] of cases) {
    const bytes = Buffer.from(file(length, end))
    for (const piece of [1, 7, 64, 150, 1000]) {
      const ends = Array.from(
        { length: Math.floor(bytes.length / piece) },
        (_, i) => (i + 1) * piece,
      )
      t.same(frameText(bytes, ends, 100), expected, `${length} in pieces of ${piece}`)
    }
  }
})

/** Feeds an endless stream of one piece; the most bytes that ever had to be held, and what was found. */
function endless(
  piece: Uint8Array,
  pieces: number,
  max: number,
): { held: number; found: string[] } {
  const found: string[] = []
  const framer = new Framer(max, {
    record: (_bytes, start, end) => found.push(`record of ${end - start}`),
    rejected: (reason) => found.push(reason),
  })
  let held = new Uint8Array(0)
  let most = 0
  for (let i = 0; i < pieces; i += 1) {
    const offered = Buffer.concat([held, piece])
    held = offered.subarray(framer.feed(offered, false))
    most = Math.max(most, held.length)
  }
  framer.feed(Buffer.concat([held, Buffer.from('\n{"a":1}\n')]), true)
  return { held: most, found }
}

t.test('what never ends is read in constant memory, and the next record is applied', async (t) => {
  const max = 1000
  const text = endless(Buffer.alloc(64, 'x'), 500, max)
  t.ok(text.held <= max, `an endless line: ${text.held} bytes were held`)
  t.same(text.found, ['too_long', 'record of 7'])
  for (const [what, byte] of [
    ['NUL', 0],
    ['blanks', 0x20],
    ['RS', 0x1e],
    ['CR', 0x0d],
  ] as const) {
    const { held, found } = endless(Buffer.alloc(64, byte), 500, max)
    t.ok(held <= max, `endless ${what}: ${held} bytes were held`)
    t.same(found, ['record of 7'], what)
  }
})

t.test('with the whole path: each failure by its reason, all else applied', async (t) => {
  const header = headerOf('quic-go')
  const received = {
    time: 1,
    name: 'transport:packet_received',
    data: { header: { packet_type: '1RTT' } },
  }
  const record = JSON.stringify(received)
  const cases: readonly (readonly [what: string, tail: string, failed: string, packets: number])[] =
    [
      ['RS inside a record', `${record.slice(0, 40)}${RS}${record}\n`, 'truncated', 1],
      [
        'too long',
        `${' '.repeat(3)}${record.replace('1RTT', 'x'.repeat(2000))}\n${record}\n`,
        'too_long',
        1,
      ],
      ['an unterminated last record that parses', record, '', 1],
      ['one that does not', record.slice(0, -1), 'truncated', 0],
      ['one that ends in its UTF-8', `${record.slice(0, -3)}\u00e9`.slice(0, -1), 'truncated', 0],
      ['CRLF and empty lines', `\r\n\n${record}\r\n\n`, '', 1],
    ]
  for (const [what, tail, failed, packets] of cases) {
    for (const pieces of [[1 << 20], [1], [7]]) {
      const file = Buffer.concat([fileOf(header), Buffer.from(tail, 'latin1')])
      const page = await read([file], { maxRecordBytes: 1000, pieces })
      t.equal(total(page, 'quic_packets_received_total'), packets, what)
      const failures = total(page, 'quic_exporter_records_failed_total')
      t.equal(failures, failed === '' ? 0 : 1, `${what}: failed`)
      if (failed !== '') {
        t.equal(total(page, 'quic_exporter_records_failed_total', { reason: failed }), 1, failed)
      }
      t.equal(
        Number(total(page, 'quic_exporter_read_bytes_total')) +
          Number(total(page, 'quic_exporter_lost_bytes_total')),
        file.length,
        'every byte was used once',
      )
    }
  }
})

t.test('an unterminated last record is not applied while the file may grow', async (t) => {
  const record = JSON.stringify({
    time: 1,
    name: 'transport:packet_received',
    data: { header: {} },
  })
  const file = Buffer.concat([fileOf(headerOf('quic-go')), Buffer.from(record)])
  t.equal(total(await read([file], { ended: false }), 'quic_packets_received_total'), 0)
  t.equal(total(await read([file]), 'quic_packets_received_total'), 1)
})

t.test(
  'what follows a start in the middle of a file counts from the next boundary on',
  async (t) => {
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['rest of one}\n{"b":2}\n', ['{"b":2}']],
      [`rest of one${RS}{"b":2}\n`, ['{"b":2}']],
      ['\n{"b":2}\n', ['{"b":2}']],
      [`${RS}{"b":2}\n`, ['{"b":2}']],
      ['no boundary at all', []],
      [`${'x'.repeat(500)}\n{"b":2}\n`, ['{"b":2}']],
    ]
    for (const [text, expected] of cases) {
      for (const piece of [1, 7, 1000]) {
        const found: string[] = []
        const framer = new Framer(100, {
          record: (bytes, start, end) =>
            found.push(Buffer.from(bytes).toString('latin1', start, end)),
          rejected: (reason) => found.push(reason),
        })
        framer.skipToRecord()
        const file = Buffer.from(text)
        let used = 0
        for (let end = piece; end < file.length; end += piece) {
          used += framer.feed(file.subarray(used, end), false)
        }
        framer.feed(file.subarray(used), true)
        t.same(found, expected, `${JSON.stringify(text.slice(0, 20))} in pieces of ${piece}`)
      }
    }
  },
)

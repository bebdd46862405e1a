/**
 * The fast path: records read in place where their dialect has a scan for them. It gives up, with no
 * trace, on whatever it does not read exactly as the JSON path would.
 */
import type { Dialect, Reading } from '../dialect.ts'
import type { QuicEvent } from '../events.ts'
import { Cursor, literal } from '../scanning/cursor.ts'
import { Fields } from './fields.ts'
import type { DecodedRecord, RecordContext, RecordDecoder } from './record-decoder.ts'

const TIME = literal('{"time":')
const GROUP = literal(',"group_id":')
const NAME = literal(',"name":')
const DATA = literal(',"data":')
const CLOSE = 0x7d

export class ScanPath implements RecordDecoder {
  readonly #cursor = new Cursor()
  readonly #reading = new ScanReading()

  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    context: RecordContext,
    out: DecodedRecord,
  ): 'ok' | undefined {
    const cursor = this.#cursor
    cursor.open(bytes, start, end)
    if (!cursor.pass(TIME)) return undefined
    const time = cursor.number()
    let group: string | undefined
    if (cursor.pass(GROUP) && cursor.string()) group = cursor.text()
    if (!cursor.ok || !cursor.pass(NAME) || !cursor.string()) return undefined
    const name = cursor.text()
    const scan = context.dialect.scans.get(name)
    if (scan === undefined || !cursor.pass(DATA)) return undefined
    const reading = this.#reading
    const at = Math.round(time * 1000)
    if (at > Number.MAX_SAFE_INTEGER) return undefined
    out.events.length = 0
    reading.begin(at, context.vantage, out.events)
    if (!scan(cursor, reading)) return undefined
    if (cursor.pass(GROUP)) {
      if (group !== undefined || !cursor.string()) return undefined
      group = cursor.text()
    }
    if (!cursor.passByte(CLOSE) || !endsHere(bytes, cursor.at, end)) return undefined
    out.name = name
    out.group = group
    out.time = time
    out.kind = 'read'
    out.rejectedValues = 0
    out.become = undefined
    return 'ok'
  }
}

/** Only blanks may follow the record. */
function endsHere(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at]
    if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false
  }
  return from <= end
}

/** A reading that is used again for each record. */
class ScanReading implements Reading {
  at = 0
  vantage: 'server' | 'client' = 'server'
  readonly fields = new Fields()
  #events: QuicEvent[] = []

  begin(at: number, vantage: 'server' | 'client', events: QuicEvent[]): void {
    this.at = at
    this.vantage = vantage
    this.#events = events
  }

  emit(event: QuicEvent): void {
    this.#events.push(event)
  }

  become(_dialect: Dialect): void {
    throw new Error('a scan never changes the dialect')
  }
}

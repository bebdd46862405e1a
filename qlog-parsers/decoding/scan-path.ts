/**
 * The fast path: records read in place where their dialect has a scan for them, validated in place where
 * nobody reads them. It gives up, with no trace, on whatever it does not read exactly as the JSON path would.
 *
 * Hot path: do not edit without `npm run bench`.
 */
import type { Dialect, Plan, Reading, Scan } from '../dialect.ts'
import type { QuicEvent } from '../events.ts'
import { Cursor, END } from '../scanning/cursor.ts'
import { GROUP_ID } from '../scanning/holes.ts'
import { type Known, Skeletons } from '../scanning/skeletons.ts'
import { keys, type Vocabulary, values } from '../scanning/vocabulary.ts'
import { PLAIN } from '../trace-shape.ts'
import { Fields } from './fields.ts'
import type { DecodedRecord, RecordContext, RecordDecoder } from './record-decoder.ts'

const RECORD_KEYS = keys('time', 'group_id', 'name', 'data')
const TIME = 0
const GROUP = 1
const NAME = 2
const DATA = 3

const TIME_SLOT = 0

/** What the fast path knows of one dialect: the event names that need no JSON, and records it has seen. */
interface Knowledge {
  readonly vocabulary: Vocabulary
  readonly names: readonly string[]
  /** Undefined: nobody reads it. */
  readonly scans: readonly (Scan | undefined)[]
  readonly skeletons: Skeletons
}

/** By the scans: variants of a dialect have the same, and the same unread events. */
const knowledge = new Map<Dialect['scans'], Knowledge>()

export class ScanPath implements RecordDecoder {
  readonly #cursor = new Cursor()
  readonly #reading = new ScanReading()
  #dialect: Dialect | undefined
  #knowledge: Knowledge | undefined

  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    context: RecordContext,
    out: DecodedRecord,
  ): 'ok' | undefined {
    const { dialect, vantage } = context
    if (context.shape !== PLAIN) return undefined
    const knowledge =
      dialect === this.#dialect && this.#knowledge !== undefined
        ? this.#knowledge
        : this.#know(dialect)
    const { skeletons } = knowledge
    const cursor = this.#cursor
    cursor.open(bytes, start, end)
    let known = skeletons.match(cursor)
    if (known === undefined) {
      cursor.open(bytes, start, end)
      known = readRecord(cursor, knowledge)
      if (known === undefined) return undefined
      skeletons.learn(cursor, start, end, known)
    }
    const time = cursor.values[TIME_SLOT] as number
    const at = Math.round(time * 1000)
    if (at > Number.MAX_SAFE_INTEGER) return undefined
    // Not `length = 0`: that gives the array's memory back, at each record.
    while (out.events.length > 0) out.events.pop()
    out.become = undefined
    const { plan } = known
    if (plan !== undefined) {
      const reading = this.#reading
      reading.begin(at, vantage, out)
      if (!plan(cursor.values, cursor.ids, reading)) return undefined
    }
    out.name = known.name
    out.group = known.hasGroup ? cursor.ids[GROUP_ID] : undefined
    out.time = time
    out.kind = plan === undefined ? 'unread' : 'read'
    out.rejectedValues = 0
    return 'ok'
  }

  #know(dialect: Dialect): Knowledge {
    const known = knowledge.get(dialect.scans) ?? knowledgeOf(dialect)
    knowledge.set(dialect.scans, known)
    this.#dialect = dialect
    this.#knowledge = known
    return known
  }
}

function knowledgeOf(dialect: Dialect): Knowledge {
  const names = [...dialect.scans.keys(), ...dialect.unread]
  const scans = names.map((name) => dialect.scans.get(name))
  return { vocabulary: values(...names), names, scans, skeletons: new Skeletons() }
}

/** A whole record, token by token. */
function readRecord(cursor: Cursor, { vocabulary, names, scans }: Knowledge): Known | undefined {
  let plan: Plan | undefined
  let event = -1
  let hasTime = false
  let hasGroup = false
  let hasData = false
  for (let key = cursor.enter(RECORD_KEYS); key !== END; key = cursor.next(RECORD_KEYS)) {
    if (key === TIME) {
      if (hasTime) return undefined
      hasTime = true
      cursor.readNumber(TIME_SLOT)
    } else if (key === GROUP) {
      if (hasGroup) return undefined
      hasGroup = true
      cursor.readId(GROUP_ID)
    } else if (key === NAME) {
      if (event >= 0) return undefined
      event = cursor.value(vocabulary)
      if (event < 0) return undefined
    } else if (key === DATA) {
      if (hasData || event < 0) return undefined
      hasData = true
      const scan = scans[event]
      if (scan === undefined) cursor.skip()
      else {
        plan = scan(cursor)
        if (plan === undefined) return undefined
      }
    } else cursor.skip()
  }
  if (!cursor.endsHere() || !hasTime || !hasData) return undefined
  return { name: names[event] as string, hasGroup, plan }
}

/** A reading that is used again for each record. */
class ScanReading implements Reading {
  at = 0
  vantage: 'server' | 'client' = 'server'
  readonly fields = new Fields()
  #out: DecodedRecord | undefined

  begin(at: number, vantage: 'server' | 'client', out: DecodedRecord): void {
    this.at = at
    this.vantage = vantage
    this.#out = out
  }

  emit(event: QuicEvent): void {
    this.#out?.events.push(event)
  }

  become(dialect: Dialect): void {
    if (this.#out !== undefined) this.#out.become = dialect
  }
}

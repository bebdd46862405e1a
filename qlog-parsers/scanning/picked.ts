/**
 * Objects of which only some members are read: these few are picked in place, and the reader that also
 * reads parsed JSON makes of them what it makes of the whole. Words become part of the plan, numbers are holes.
 */
import type { JsonObject } from '../decoding/fields.ts'
import type { Reader, Scan } from '../dialect.ts'
import { type Cursor, END } from './cursor.ts'
import { MOST_VALUES } from './holes.ts'
import { keys, type Vocabulary } from './vocabulary.ts'

/** Names of the members that a reader reads, and of the inner ones of members that are objects. */
export type Members = { readonly [name: string]: true | Members }

/** Which members to pick from one kind of object. */
export interface Pick {
  readonly keys: Vocabulary
  readonly names: readonly string[]
  readonly inner: readonly (Pick | undefined)[]
}

/** What was picked: words as they are, numbers by slot, objects likewise. */
export interface Picked {
  readonly members: readonly (readonly [name: string, value: string | number | Picked])[]
  /** The next free slot. */
  readonly slot: number
}

/** The pick of these members. */
export function pick(members: Members): Pick {
  const names = Object.keys(members)
  const inner = Object.values(members).map((one) => (one === true ? undefined : pick(one)))
  return { keys: keys(...names), names, inner }
}

/** A scan that picks what `reader` reads of `data`. */
export function pickedScan(reader: Reader, members: Members): Scan {
  const what = pick(members)
  return (cursor) => {
    const picked = scanPicked(cursor, what, cursor.enter(what.keys), 1)
    if (!cursor.ok) return undefined
    return (values, _ids, reading) => {
      const read = reader(objectOf(picked, values), reading)
      return reading.fields.takeRejected() === 0 && read
    }
  }
}

/** Picks from the object whose key `first` was just passed, numbers into slots from `firstSlot`. */
export function scanPicked(cursor: Cursor, what: Pick, first: number, firstSlot: number): Picked {
  const members: [string, string | number | Picked][] = []
  let slot = firstSlot
  for (let key = first; key !== END; key = cursor.next(what.keys)) {
    const name = what.names[key]
    if (name === undefined) {
      cursor.skip()
      continue
    }
    if (slot === MOST_VALUES || members.some(([known]) => known === name)) cursor.refuse()
    const inner = what.inner[key]
    if (inner !== undefined) {
      const picked = scanPicked(cursor, inner, cursor.enter(inner.keys), slot)
      members.push([name, picked])
      slot = picked.slot
    } else if (cursor.atString()) {
      cursor.string()
      members.push([name, cursor.text()])
    } else {
      cursor.readNumber(slot)
      members.push([name, slot])
      slot += 1
    }
  }
  return { members, slot }
}

/** The picked members as parsed JSON would have them. */
export function objectOf({ members }: Picked, values: Float64Array): JsonObject {
  const object: Record<string, unknown> = {}
  for (const [name, value] of members) {
    if (typeof value === 'string') object[name] = value
    else if (typeof value === 'number') object[name] = values[value]
    else object[name] = objectOf(value, values)
  }
  return object
}

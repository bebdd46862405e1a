/** Records and lines as nobody should write them: torn, glued, flipped, of wrong types, huge, deep. */

const FOREIGN = [
  '\\u006e',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '0',
  '01',
  '1e3',
  '1E+1',
  '-0',
  '-1',
  '1.',
  '.5',
  'null',
  'true',
  '1e400',
  '18446744073709551615',
  '4611686018427387903',
  '"1"',
  '"x":1,',
  '"packet_number":7,',
  '"frame_type":"ack",',
  '"acked_ranges":[],',
  '"stream_id":9,',
  '{}',
  '[[2,1]]',
  '"length":3,',
  ' ',
  '\t',
  '\r',
  '\u00e9',
  '\x00',
  '"data":{},',
  '__proto__',
  '"__proto__":{"time":1},',
  ',"group_id":"ab"',
]

/** What stands where another type should. */
const VALUES = [
  'null',
  'true',
  '[]',
  '{}',
  '""',
  '"x"',
  '-1',
  '0.5',
  '1e308',
  '9007199254740993',
  '99999999999999999999999',
  '{"__proto__":{"a":1},"constructor":1}',
  `${'['.repeat(600)}${']'.repeat(600)}`,
  '"\\ud800"',
]

/** One of the records, changed in one way; `random` gives a whole number below its bound. */
export function mutate(
  record: Buffer,
  random: (below: number) => number,
  others: readonly Buffer[] = [record],
): Buffer {
  const text = record.toString('latin1')
  const at = random(text.length)
  const foreign = FOREIGN[random(FOREIGN.length)] as string
  const mutated = change(text, at, foreign, random, others)
  return Buffer.from(mutated, 'latin1')
}

function change(
  text: string,
  at: number,
  foreign: string,
  random: (below: number) => number,
  others: readonly Buffer[],
): string {
  switch (random(10)) {
    case 0:
      return text.slice(0, at)
    case 1:
      return text.slice(0, at) + foreign + text.slice(at)
    case 2:
      return text.slice(0, at) + foreign + text.slice(at + foreign.length)
    case 3:
      return text.slice(0, at) + text.slice(at + 1 + random(12))
    case 4: {
      const one = anyOf(text, /"[a-z_]+":(\d+|"[^"]*")/g, random)
      return one === undefined ? text : text.replace(one[0], `${one[0]},${one[0]}`)
    }
    case 5: {
      const byte = text.charCodeAt(at) ^ (1 << random(8))
      return text.slice(0, at) + String.fromCharCode(byte) + text.slice(at + 1)
    }
    case 6: {
      // A torn write, and the next one right behind it.
      const other = others[random(others.length)] as Buffer
      return text.slice(0, at) + other.toString('latin1')
    }
    case 7: {
      const one = anyOf(text, /(?<=":\s?)(\d+(\.\d+)?|"[^"]*"|true|false|null)/g, random)
      return replaced(text, one, VALUES[random(VALUES.length)] as string)
    }
    case 8: {
      try {
        return JSON.stringify(shuffled(JSON.parse(text), random))
      } catch {
        return text
      }
    }
    default: {
      const value = `${random(1000)}.${random(1_000_000_000)}${random(1_000_000)}`
      return replaced(text, anyOf(text, /\d+(\.\d+)?/g, random), value.slice(0, 4 + random(16)))
    }
  }
}

function anyOf(text: string, pattern: RegExp, random: (below: number) => number) {
  const all = [...text.matchAll(pattern)]
  return all[random(Math.max(1, all.length))]
}

function replaced(text: string, one: RegExpExecArray | undefined, by: string): string {
  if (one === undefined) return text
  return text.slice(0, one.index) + by + text.slice(one.index + one[0].length)
}

/** The same value with the members of its objects in another order. */
export function shuffled(value: unknown, random: (below: number) => number): unknown {
  if (Array.isArray(value)) return value.map((one) => shuffled(one, random))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map((one) => ({ one, order: random(1_000_000) }))
  members.sort((a, b) => a.order - b.order)
  return Object.fromEntries(members.map(({ one: [key, inner] }) => [key, shuffled(inner, random)]))
}

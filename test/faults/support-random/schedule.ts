/** What can happen to log files and to the exporter that reads them, in any order. */
import fc from 'fast-check'

/** What writers and operators do; numbers choose a file or a name, modulo what there is. */
export type FileAction =
  | { readonly type: 'write'; readonly file: number; readonly records: number }
  /** A part of a record, in percent of it; 100: all but its line feed. `long`: of one that is too long. */
  | {
      readonly type: 'tear'
      readonly file: number
      readonly percent: number
      readonly long: boolean
    }
  /** The rest of it. */
  | { readonly type: 'mend'; readonly file: number }
  /** The end of the connection; its packets may go on. */
  | { readonly type: 'close'; readonly file: number }
  | { readonly type: 'create'; readonly name: number }
  /** Renamed to a name that is read, to one that is not, or out of the directory. */
  | { readonly type: 'rotate' | 'aside' | 'away'; readonly file: number }
  /** `closed`: its writer does not hold it open any more, so that its inode may be used again. */
  | { readonly type: 'delete'; readonly file: number; readonly closed: boolean }
  | { readonly type: 'copytruncate'; readonly file: number }
  /** The symbolic link leads to a new file from now on. */
  | { readonly type: 'swap' }

/** What happens to the exporter. */
export type ProcessAction =
  | { readonly type: 'start' | 'look' | 'scrape' | 'unanswered' | 'prepare' | 'terminate' }
  /** In percent of the grace time. */
  | { readonly type: 'wait'; readonly percent: number }
  /** A scrape while the disk is full, but for so many pages of memory. */
  | { readonly type: 'scrape_full'; readonly pages: number }
  /** The disk is full from now on, or has room again. */
  | { readonly type: 'disk'; readonly full: boolean }
  /** `torn`: the last commit is cut in this percentage of it; `busy`: one is under way. */
  | { readonly type: 'kill'; readonly end: 'whole' | 'torn' | 'busy'; readonly percent: number }

export type Action = FileAction | ProcessAction
export type Kind = Action['type']

const number = fc.nat({ max: 20 })
const percent = fc.nat({ max: 100 })

const one = <K extends Kind>(type: K) => fc.record({ type: fc.constant(type) })
const ofFile = <K extends Kind>(type: K) => fc.record({ type: fc.constant(type), file: number })

/** How often each happens, and with what. */
const CHANCES: { readonly [K in Kind]: readonly [weight: number, fc.Arbitrary<unknown>] } = {
  write: [
    14,
    fc.record({
      type: fc.constant('write'),
      file: number,
      records: fc.integer({ min: 1, max: 9 }),
    }),
  ],
  tear: [5, fc.record({ type: fc.constant('tear'), file: number, percent, long: fc.boolean() })],
  mend: [4, ofFile('mend')],
  close: [3, ofFile('close')],
  create: [6, fc.record({ type: fc.constant('create'), name: number })],
  rotate: [3, ofFile('rotate')],
  aside: [4, ofFile('aside')],
  away: [2, ofFile('away')],
  delete: [4, fc.record({ type: fc.constant('delete'), file: number, closed: fc.boolean() })],
  copytruncate: [3, ofFile('copytruncate')],
  swap: [3, one('swap')],
  start: [3, one('start')],
  look: [10, one('look')],
  scrape: [8, one('scrape')],
  unanswered: [3, one('unanswered')],
  prepare: [2, one('prepare')],
  wait: [3, fc.record({ type: fc.constant('wait'), percent: fc.nat({ max: 200 }) })],
  scrape_full: [5, fc.record({ type: fc.constant('scrape_full'), pages: fc.nat({ max: 3 }) })],
  disk: [2, fc.record({ type: fc.constant('disk'), full: fc.boolean() })],
  kill: [
    5,
    fc.record({
      type: fc.constant('kill'),
      end: fc.constantFrom('whole', 'torn', 'busy'),
      percent,
    }),
  ],
  terminate: [2, one('terminate')],
}

/** Up to `most` actions, none of these kinds. */
export function schedules(most: number, ...without: Kind[]): fc.Arbitrary<Action[]> {
  const choices = Object.entries(CHANCES)
    .filter(([kind]) => !without.includes(kind as Kind))
    .map(([, [weight, arbitrary]]) => ({ weight, arbitrary }))
  const action = fc.oneof(...choices) as fc.Arbitrary<Action>
  return fc.array(action, { minLength: 1, maxLength: most, size: 'max' })
}

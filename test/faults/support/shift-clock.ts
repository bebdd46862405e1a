import { readFileSync } from 'node:fs'
import type { Shift } from './clock.ts'

// Loaded before the exporter: moves the clocks as it sees them, for nobody can set the machine's
// clock in a test. CLOCK_SHIFT names a file with the shift of this moment. Times of files come from
// the kernel and stay as they are. Timers run on as they do.

const path = process.env.CLOCK_SHIFT ?? ''
const RealDate = Date
const monotonicMs = performance.now.bind(performance)
const hrtime = process.hrtime.bigint.bind(process.hrtime)

const LOOK_EVERY_MS = 20
let shift: Shift = { wallMs: 0, elapsedMs: 0 }
let lookedAt = Number.NEGATIVE_INFINITY

function now(): Shift {
  const at = monotonicMs()
  if (at - lookedAt < LOOK_EVERY_MS) return shift
  lookedAt = at
  shift = JSON.parse(readFileSync(path, 'utf8'))
  return shift
}

const wallClock = () => RealDate.now() + now().wallMs + now().elapsedMs

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [wallClock()] : args, newTarget),
  apply: () => new RealDate(wallClock()).toString(),
  get: (target, key, receiver) => (key === 'now' ? wallClock : Reflect.get(target, key, receiver)),
})
performance.now = () => monotonicMs() + now().elapsedMs
process.hrtime.bigint = () => hrtime() + BigInt(Math.round(now().elapsedMs * 1e6))

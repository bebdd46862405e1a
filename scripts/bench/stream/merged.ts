import { SimulatedConnection } from './connection.ts'
import type { Happening, Shape } from './happenings.ts'
import { seededRandom } from './random.ts'
import { ngtcp2 } from './shapes/ngtcp2.ts'
import { quicGo } from './shapes/quic-go.ts'
import { quiche } from './shapes/quiche.ts'

export const SHAPES = { 'quic-go': quicGo, quiche, ngtcp2 } as const satisfies Record<string, Shape>
export type ShapeName = keyof typeof SHAPES

/** What a merged stream is made of: at least `bytes` long, the same bytes for the same parameters. */
export interface StreamParameters {
  readonly shape: ShapeName
  readonly bytes: number
  readonly connections: number
  readonly seed: number
}

const CHUNK_CHARACTERS = 1 << 20
const STARTS_WITHIN = 2_000
// A process that has run for a quarter of an hour: quic-go's times get an exponent from 1e6 ms on.
const FIRST_MILLISECOND = 985_000

interface Live {
  readonly connection: SimulatedConnection
  budget: number
}

/**
 * The text of a merged stream, chunk by chunk: all connections of one load balancer interleaved in
 * the order of time. Connections differ in length by a factor of up to seven.
 */
export function* mergedStream(parameters: StreamParameters): Generator<string> {
  const shape = SHAPES[parameters.shape]
  const random = seededRandom(parameters.seed)
  const agenda = new Map<number, Live[]>()
  const weights = Array.from(
    { length: parameters.connections },
    () => 0.4 + 2.4 * random.next() ** 2,
  )
  const sum = weights.reduce((total, weight) => total + weight, 0)
  for (const weight of weights) {
    const live = {
      connection: new SimulatedConnection(random),
      budget: Math.ceil((parameters.bytes * weight) / sum),
    }
    enlist(agenda, FIRST_MILLISECOND + random.integer(0, STARTS_WITHIN), live)
  }
  let text = shape.header
  let now = FIRST_MILLISECOND
  for (let tick = FIRST_MILLISECOND; agenda.size > 0; tick++) {
    const due = agenda.get(tick)
    if (due === undefined) continue
    agenda.delete(tick)
    now = Math.max(now, tick)
    for (const live of due) {
      const emit = (happening: Happening) => {
        now += 0.002 + random.next() * 0.02
        const record = shape.record(now, live.connection, happening)
        if (record === undefined) return
        live.budget -= record.length
        text += record
      }
      const pause = live.connection.wake(emit, live.budget <= 0)
      if (pause !== undefined) enlist(agenda, tick + Math.max(1, Math.round(pause)), live)
    }
    if (text.length >= CHUNK_CHARACTERS) {
      yield text
      text = ''
    }
  }
  yield text
}

function enlist(agenda: Map<number, Live[]>, tick: number, live: Live): void {
  const due = agenda.get(tick)
  if (due === undefined) agenda.set(tick, [live])
  else due.push(live)
}

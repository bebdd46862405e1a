import { Flight } from './flight.ts'
import { dataFrame, receivedFrames, sentFrames } from './frames.ts'
import { handshakeAnswer, handshakeStart } from './handshake.ts'
import type {
  CloseCause,
  ConnectionView,
  Emit,
  Frame,
  PacketType,
  PacketWriter,
} from './happenings.ts'
import { requestFields, responseFields } from './headers.ts'
import type { Random } from './random.ts'
import { countLoss, sampleRoundTrip, settle, shrinkWindow, startingRecovery } from './recovery.ts'

const LARGEST_PACKET = 1452
const IDLE_TIMEOUT = 10_000
const STATES = ['slow_start', 'congestion_avoidance', 'recovery', 'application_limited'] as const

/**
 * One simulated HTTP/3 connection seen by the server: a handshake, bursts of packets a round trip or
 * a think time apart, sometimes loss, spurious loss and a changed path, and mostly an end.
 */
export class SimulatedConnection implements ConnectionView, PacketWriter {
  readonly groupId: string
  readonly remotePort: number
  readonly ecn: boolean
  readonly recovery = startingRecovery()
  readonly roundTrip: number
  localId: string
  remoteId: string
  keyPhase: 0 | 1 = 0
  readonly #random: Random
  readonly #flight = new Flight()
  #phase: 'start' | 'answer' | 'open' | 'idle' | 'ended' = 'start'
  #sent = 0
  #received: number
  #stream = 0
  #sentOffset = 0
  #receivedOffset = 0
  #identifiers = 1
  #state: (typeof STATES)[number] = 'slow_start'
  #challenge: string | undefined

  constructor(random: Random) {
    this.#random = random
    this.groupId = random.hex(36)
    this.localId = random.hex(8)
    this.remoteId = random.hex(34)
    this.remotePort = random.integer(1024, 65_535)
    this.ecn = random.chance(0.3)
    this.roundTrip = random.integer(8, 250) + random.next()
    this.#received = random.integer(0, 2_000_000_000)
  }

  get #ect0(): number | undefined {
    return this.ecn ? this.#sent : undefined
  }

  /** Goes through the next moment; gives the milliseconds until the one after, or nothing at the end. */
  wake(emit: Emit, spent: boolean): number | undefined {
    switch (this.#phase) {
      case 'start':
        emit({ type: 'congestion', state: this.#state })
        handshakeStart(this, this.#random, emit)
        this.#phase = 'answer'
        return this.roundTrip
      case 'answer':
        this.#answer(emit)
        this.#phase = 'open'
        return this.roundTrip
      case 'open':
        if (spent) return this.#end(emit)
        this.#burst(emit)
        return this.#pause()
      case 'idle':
        emit({ type: 'closed', cause: 'idle_timeout' })
        this.#phase = 'ended'
        return undefined
      case 'ended':
        return undefined
    }
  }

  /** Writes one packet; a sent one is under way until it is acknowledged or lost. */
  packet(
    emit: Emit,
    direction: 'sent' | 'received',
    packetType: PacketType,
    frames: readonly Frame[],
    length: number,
    coalesced = false,
  ): void {
    const number = direction === 'sent' ? this.#sent++ : this.#received++
    if (direction === 'sent') this.#flight.sent(number, length)
    emit({ type: 'packet', direction, packetType, number, length, coalesced, frames })
  }

  /** Writes the congestion controller's figures; a round trip as an acknowledgement measured it. */
  measured(emit: Emit, roundTrip?: number): void {
    const figures = this.recovery
    figures.bytesInFlight = this.#flight.bytes
    figures.packetsInFlight = this.#flight.packets
    if (roundTrip !== undefined) sampleRoundTrip(figures, roundTrip, this.#random)
    emit({ type: 'recovery' })
    settle(figures)
  }

  acknowledge(count: number): void {
    this.#flight.acknowledge(count)
  }

  #answer(emit: Emit): void {
    handshakeAnswer(this, this.#random, emit)
    if (!this.#random.chance(0.3)) return
    emit({ type: 'request', stream: this.#stream, fields: requestFields(this.#random) })
  }

  #pause(): number {
    const random = this.#random
    if (this.#challenge !== undefined || random.chance(0.4)) return this.roundTrip
    return 200 + random.next() * 2300
  }

  #burst(emit: Emit): void {
    const random = this.#random
    if (this.#challenge !== undefined) this.#pathAnswer(emit)
    else if (random.chance(0.016)) this.#pathChange(emit)
    else if (random.chance(0.004)) this.#pathProbe(emit)
    for (let left = random.integer(3, 10); left > 0; left--) {
      const draw = random.next()
      if (draw < 0.475) this.#send(emit)
      else if (draw < 0.83) this.#receive(emit)
      else if (draw < 0.965) this.#measure(emit)
      else if (draw < 0.988) this.#lose(emit)
      else this.#aside(emit)
    }
  }

  #send(emit: Emit): void {
    const random = this.#random
    if (random.chance(0.005)) {
      this.packet(emit, 'sent', '1RTT', [{ type: 'ping' }], LARGEST_PACKET)
      return
    }
    const position = { stream: this.#stream, offset: this.#sentOffset, ect0: this.#ect0 }
    const newest = this.#received - 1
    const acks = [[newest - random.integer(0, 20), newest]] as const
    const { frames, bytes, moved } = sentFrames(random, position, acks)
    this.#sentOffset += moved
    if (random.chance(0.05)) this.#nextStream()
    this.packet(emit, 'sent', '1RTT', frames, bytes)
  }

  #receive(emit: Emit): void {
    const random = this.#random
    this.#flight.acknowledge(random.integer(1, 3))
    const position = { stream: this.#stream, offset: this.#receivedOffset, ect0: this.#ect0 }
    const { frames, bytes, moved } = receivedFrames(random, position, this.#flight.ranges())
    this.#receivedOffset += moved
    this.packet(emit, 'received', '1RTT', frames, bytes)
  }

  #nextStream(): void {
    this.#stream += 4
    this.#sentOffset = 0
    this.#receivedOffset = 0
  }

  #measure(emit: Emit): void {
    const random = this.#random
    if (random.chance(0.4)) this.measured(emit)
    else this.measured(emit, this.roundTrip * (0.8 + random.next() * 0.6))
  }

  #lose(emit: Emit): void {
    const random = this.#random
    const packet = this.#flight.lose()
    if (packet === undefined) return
    countLoss(this.recovery, packet.length)
    const trigger = random.chance(0.7) ? 'reordering_threshold' : 'time_threshold'
    emit({ type: 'lost', number: packet.number, trigger })
    if (this.#state !== 'recovery' && random.chance(0.3)) this.#enter(emit, 'recovery')
  }

  #enter(emit: Emit, state: (typeof STATES)[number]): void {
    this.#state = state
    if (state === 'recovery') shrinkWindow(this.recovery)
    emit({ type: 'congestion', state })
  }

  /** What is neither a packet nor a figure. */
  #aside(emit: Emit): void {
    const random = this.#random
    const draw = random.next()
    if (draw < 0.25) {
      const timer = random.chance(0.5) ? 'ack' : 'pto'
      emit({ type: 'timer', timer, delta: random.next() * 200 })
    } else if (draw < 0.4) {
      const stream = this.#stream
      emit({
        type: 'data_moved',
        stream,
        offset: this.#sentOffset,
        length: random.integer(1, 9999),
      })
    } else if (draw < 0.65) {
      emit({ type: 'request', stream: this.#stream, fields: requestFields(random) })
    } else if (draw < 0.8) {
      emit({ type: 'response', stream: this.#stream, fields: responseFields(random) })
    } else if (draw < 0.9) {
      const number = this.#flight.forgive()
      if (number !== undefined) emit({ type: 'spurious', number, reordering: random.integer(3, 9) })
    } else {
      const others = STATES.filter((state) => state !== this.#state && state !== 'recovery')
      this.#enter(emit, others[random.integer(0, others.length - 1)] ?? 'application_limited')
    }
  }

  /** The client's address changed, sometimes on purpose: the server asks whether it is still there. */
  #pathChange(emit: Emit): void {
    const random = this.#random
    if (random.chance(0.4)) this.localId = random.hex(8)
    this.remoteId = random.hex(34)
    this.#challenge = random.hex(16)
    const frames: Frame[] = [{ type: 'path_challenge', data: this.#challenge }]
    if (random.chance(0.3)) frames.push({ type: 'path_response', data: random.hex(16) })
    this.packet(emit, 'sent', '1RTT', frames, 1200)
  }

  #pathAnswer(emit: Emit): void {
    const data = this.#challenge
    this.#challenge = undefined
    if (data === undefined || this.#random.chance(0.1)) return
    const ack: Frame = { type: 'ack', delay: 0.04, ranges: this.#flight.ranges() }
    this.packet(emit, 'received', '1RTT', [{ type: 'path_response', data }, ack], 1200)
    const sequence = this.#identifiers++
    const retire: Frame = { type: 'retire_connection_id', sequence }
    this.packet(emit, 'sent', '1RTT', [retire, dataFrame(this.#stream, this.#sentOffset, 600)], 640)
  }

  /** The client probes a path of its own. */
  #pathProbe(emit: Emit): void {
    const data = this.#random.hex(16)
    this.packet(emit, 'received', '1RTT', [{ type: 'path_challenge', data }], 1200)
    this.packet(emit, 'sent', '1RTT', [{ type: 'path_response', data }], 1200)
  }

  #end(emit: Emit): number | undefined {
    const draw = this.#random.next()
    if (draw < 0.2) {
      this.#phase = 'idle'
      return IDLE_TIMEOUT
    }
    this.#phase = 'ended'
    if (draw < 0.92) this.#close(emit, draw < 0.85 ? 'remote_application' : 'local_transport')
    return undefined
  }

  #close(emit: Emit, cause: CloseCause): void {
    const remote = cause === 'remote_application'
    const close: Frame = { type: 'connection_close', code: remote ? 256 : 10 }
    this.packet(emit, remote ? 'received' : 'sent', '1RTT', [close], 39)
    emit({ type: 'closed', cause })
  }
}

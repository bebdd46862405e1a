/** A handshake up to the server's first answer (RFC 9000 §7), without sockets and clocks. */
import { randomBytes } from 'node:crypto'
import type { Note } from '../prober.ts'
import { clientHello } from './client-hello.ts'
import { closeCodeText } from './close-codes.ts'
import type { Dialogue, Step, Verdict } from './conversation.ts'
import { CryptoStream } from './crypto-stream.ts'
import { type InitialFrame, initialFrames } from './frames.ts'
import type { ProbeIds } from './front-door.ts'
import { InitialWriter } from './initial-writer.ts'
import { type InitialKeys, initialKeys } from './keys.ts'
import { type LongPacket, type NumberedPacket, packetsOf } from './long-header.ts'
import { unprotect } from './protection.ts'
import { retryTag } from './retry.ts'
import { type Hello, serverHello } from './server-hello.ts'
import { transportParameters } from './transport-parameters.ts'
import { type QuicVersion, realVersions, versionText } from './versions.ts'

export interface InitialOptions {
  readonly version: QuicVersion
  /** SNI. */
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  readonly note: Note
  /** Random ones if not given. */
  readonly ids?: ProbeIds
}

/** As random as the IDs by which a server tells its clients apart (RFC 9000 §7.2: 8 at least). */
const ID_BYTES = 8
/** Bytes from a server for each of ours, before it knows our address (RFC 9000 §8.1). */
const MOST_AMPLIFICATION = 3
const LONGEST_REASON = 200

type Packet<T extends LongPacket['type']> = Extract<LongPacket, { type: T }>

const MORE: Step = { type: 'more' }

export class InitialExchange implements Dialogue {
  readonly #version: QuicVersion
  readonly #note: Note
  readonly #ids: ProbeIds | undefined
  readonly #originalId: Buffer
  readonly #sourceId = randomBytes(ID_BYTES)
  readonly #writer: InitialWriter
  readonly #stream = new CryptoStream()
  readonly #packetNumbers = new Set<number>()
  #largestNumber = -1
  #keys: InitialKeys
  /** What the server calls itself, from its first Initial on. */
  #serverId: Buffer | undefined
  #isRetried = false
  #verdict: Verdict | undefined
  /** Until the server knows our address. */
  #sentBytes = 0
  #receivedBytes = 0

  constructor({ version, serverName, alpn, note, ids }: InitialOptions) {
    this.#version = version
    this.#note = note
    this.#ids = ids
    this.#originalId = ids?.first() ?? randomBytes(ID_BYTES)
    this.#keys = initialKeys(version, this.#originalId)
    this.#writer = new InitialWriter(version, this.#sourceId, this.#originalId, this.#keys.client)
    const parameters = transportParameters(version, this.#sourceId)
    this.#writer.hello = clientHello({ serverName, alpn, transportParameters: parameters })
  }

  ask(): readonly Buffer[] {
    const datagrams = this.#writer.hellos()
    if (!this.#isRetried) for (const { length } of datagrams) this.#sentBytes += length
    return datagrams
  }

  hear(datagram: Buffer): Step {
    if (!this.#isRetried) this.#receivedBytes += datagram.length
    let result: Step | undefined
    for (const packet of packetsOf(datagram)) {
      const step = this.#packet(packet)
      const isLast = step.type === 'ask' || (step.type === 'decided' && !step.lingers)
      if (isLast) return step
      if (result === undefined || step.type !== 'ignored') result = step
    }
    return this.#verdict === undefined ? (result ?? MORE) : this.#lingering(this.#verdict)
  }

  facts(): Partial<Verdict> {
    const [receivedBytes, sentBytes] = [this.#receivedBytes, this.#sentBytes]
    const isTooMuch = receivedBytes > MOST_AMPLIFICATION * sentBytes
    return {
      retried: this.#isRetried,
      ...(sentBytes === 0 ? {} : { amplification: { receivedBytes, sentBytes } }),
      ...(isTooMuch
        ? {
            why: `${receivedBytes} bytes came for ${sentBytes}, before the server could know that the address is ours`,
          }
        : {}),
    }
  }

  /** The server has not to wait for more, nor to send anything again (RFC 9000 §10.2.3). */
  leave(): readonly Buffer[] {
    const isOpen = this.#serverId !== undefined && this.#verdict?.failure !== 'close'
    return isOpen ? [this.#writer.farewell()] : []
  }

  #packet(packet: LongPacket): Step {
    if (packet.type === 'short') return { type: 'ignored', why: 'a short header' }
    if (packet.type === 'malformed') return { type: 'ignored', why: 'no QUIC packet' }
    if (!packet.destinationId.equals(this.#sourceId)) {
      return { type: 'ignored', why: 'connection IDs that are not ours' }
    }
    if (packet.type === 'version_negotiation') return this.#otherVersions(packet)
    if (packet.type === 'foreign' || packet.version !== this.#version) {
      return { type: 'ignored', why: 'another version' }
    }
    if (packet.type === 'retry') return this.#retry(packet)
    if (packet.type === 'initial') return this.#initial(packet)
    // Handshake packets come along; their keys are those of a later rung.
    return MORE
  }

  /** RFC 9000 §6.2. */
  #otherVersions({ sourceId, versions }: Packet<'version_negotiation'>): Step {
    const number = this.#version.number
    if (!sourceId.equals(this.#originalId)) {
      return { type: 'ignored', why: 'connection IDs that are not ours' }
    }
    if (this.#isRetried || this.#serverId !== undefined) {
      return { type: 'ignored', why: 'Version Negotiation after another answer' }
    }
    if (versions === undefined || versions.includes(number)) {
      return {
        type: 'ignored',
        why: `Version Negotiation that is none: ${versions === undefined ? 'no versions' : 'it offers what it was asked in'}`,
      }
    }
    const why = `the server does not speak ${versionText(number)}`
    return this.#decide({
      failure: 'version',
      why,
      answer: 'version_negotiation',
      versions: realVersions(versions),
    })
  }

  /** RFC 9000 §17.2.5. */
  #retry({ sourceId, token, tag, signed }: Packet<'retry'>): Step {
    if (this.#serverId !== undefined) return { type: 'ignored', why: 'a Retry after an Initial' }
    const answers = (id: Buffer) => retryTag(this.#version, id, signed).equals(tag)
    const isFirst = answers(this.#originalId)
    if (this.#isRetried) {
      // A repeated question has had its own.
      if (isFirst) return { type: 'ignored', why: 'the Retry of an earlier Initial' }
      const isSecond = answers(this.#writer.destinationId)
      return this.#retryFailed(isSecond ? 'a second Retry' : 'a Retry with a wrong integrity tag')
    }
    if (!isFirst) return this.#retryFailed('a Retry with a wrong integrity tag')
    if (token.length === 0) return this.#retryFailed('a Retry without a token')
    if (sourceId.equals(this.#originalId)) {
      return this.#retryFailed('a Retry that names no new connection ID')
    }
    if (!this.#writer.hasRoomFor(token)) {
      return this.#retryFailed(`a Retry with a token of ${token.length} bytes`)
    }
    this.#note(`Retry with a token of ${token.length} bytes`)
    this.#isRetried = true
    this.#ids?.retried(sourceId)
    this.#keys = initialKeys(this.#version, sourceId)
    this.#writer.restart(Buffer.from(sourceId), Buffer.from(token), this.#keys.client)
    return { type: 'ask' }
  }

  #retryFailed(why: string): Step {
    return this.#decide({ failure: 'retry', why })
  }

  #initial({ sourceId, packet, numberAt }: NumberedPacket): Step {
    const opened = unprotect(this.#keys.server, packet, numberAt, this.#largestNumber)
    if (opened === undefined) {
      return { type: 'ignored', why: 'an Initial that its keys do not open' }
    }
    if (this.#serverId !== undefined && !this.#serverId.equals(sourceId)) {
      return { type: 'ignored', why: 'an Initial from another connection ID' }
    }
    if (this.#packetNumbers.has(opened.packetNumber)) return MORE
    this.#packetNumbers.add(opened.packetNumber)
    this.#largestNumber = Math.max(this.#largestNumber, opened.packetNumber)
    this.#serverId = Buffer.from(sourceId)
    this.#writer.destinationId = this.#serverId
    const frames = initialFrames(opened.payload)
    if (frames === undefined || opened.hasReservedBits) {
      return this.#violation('an Initial with frames or bits that may not be there')
    }
    for (const frame of frames) {
      const step = this.#frame(frame)
      if (step.type === 'decided' && !step.lingers) return step
    }
    return this.#verdict === undefined ? MORE : this.#lingering(this.#verdict)
  }

  #frame(frame: InitialFrame): Step {
    if (frame.type === 'close') return this.#closed(frame)
    if (frame.type === 'ack') {
      const isOurs = frame.largest < this.#writer.nextNumber
      return isOurs ? MORE : this.#violation('an ACK of a packet that was never sent')
    }
    if (this.#verdict !== undefined) return MORE
    if (!this.#stream.add(frame.offset, frame.data)) {
      return this.#violation('handshake bytes far beyond any ServerHello, or in too many pieces')
    }
    const hello = serverHello(this.#stream.whole)
    return hello === undefined ? MORE : this.#hello(hello)
  }

  #hello(hello: Hello): Step {
    if (hello.type === 'invalid') return this.#violation(hello.why)
    const { type, cipherSuite, group } = hello
    const groupText = group === undefined ? 'no group' : `group 0x${group.toString(16)}`
    this.#note(`${type}: cipher suite 0x${cipherSuite.toString(16)}, ${groupText}`)
    return this.#decide({ failure: undefined, answer: type })
  }

  #closed({ code, frameType, reason }: Extract<InitialFrame, { type: 'close' }>): Step {
    const text = JSON.stringify(reason.toString('latin1', 0, LONGEST_REASON))
    const printable = text.replace(/[^\x20-\x7e]/g, '?')
    this.#note(`CONNECTION_CLOSE ${closeCodeText(code)}, frame type ${frameType}: ${printable}`)
    const why = `the server closed with ${closeCodeText(code)}`
    return this.#decide({ failure: 'close', why, answer: 'close', closeCode: code })
  }

  #violation(why: string): Step {
    return this.#decide({ failure: 'protocol', why })
  }

  #decide(verdict: Verdict): Step {
    this.#verdict = verdict
    return verdict.failure === undefined
      ? this.#lingering(verdict)
      : { type: 'decided', verdict, lingers: false }
  }

  #lingering(verdict: Verdict): Step {
    return { type: 'decided', verdict, lingers: true }
  }
}

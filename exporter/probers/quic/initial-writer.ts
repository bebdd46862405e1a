/** Writes the Initial packets of a client: one space of packet numbers, whatever the server is called. */
import { closeFrame, cryptoFrame, padded } from './frames.ts'
import type { PacketKeys } from './keys.ts'
import { initialHeader, SMALLEST_DATAGRAM } from './long-header.ts'
import { OVERHEAD_BYTES, protect } from './protection.ts'
import type { QuicVersion } from './versions.ts'

/** Type, offset and length of a CRYPTO frame take no more. */
const FRAME_BYTES = 9
/** With less than this for each part of a hello it would take too many datagrams. */
const LEAST_ROOM_BYTES = 128
const NO_ERROR = 0

export class InitialWriter {
  readonly #version: QuicVersion
  readonly #sourceId: Buffer
  #keys: PacketKeys
  #token: Buffer = Buffer.alloc(0)
  #nextNumber = 0
  destinationId: Buffer
  /** The ClientHello that `hellos` sends. */
  hello: Buffer = Buffer.alloc(0)

  constructor(version: QuicVersion, sourceId: Buffer, destinationId: Buffer, keys: PacketKeys) {
    this.#version = version
    this.#sourceId = sourceId
    this.destinationId = destinationId
    this.#keys = keys
  }

  /** Packets sent so far have lower numbers. */
  get nextNumber(): number {
    return this.#nextNumber
  }

  hasRoomFor(token: Buffer): boolean {
    return this.#room(token) >= LEAST_ROOM_BYTES
  }

  /** After a Retry; packet numbers go on (RFC 9000 §17.2.5.3). */
  restart(destinationId: Buffer, token: Buffer, keys: PacketKeys): void {
    this.destinationId = destinationId
    this.#token = token
    this.#keys = keys
  }

  /** The whole hello, in as many datagrams as it takes; new packets each time. */
  hellos(): readonly Buffer[] {
    const room = this.#room(this.#token)
    const datagrams: Buffer[] = []
    for (let from = 0; from < this.hello.length; from += room) {
      datagrams.push(this.#packet(cryptoFrame(from, this.hello.subarray(from, from + room))))
    }
    return datagrams
  }

  /**
   * A close without an error (RFC 9000 §10.2). It acknowledges nothing: by then some time has passed on purpose,
   * which the server would take for the round trip and tell in its logs (RFC 9002 §5.3: no delay counts here).
   */
  farewell(): Buffer {
    return this.#packet(closeFrame(NO_ERROR))
  }

  /** Bytes of a hello that go into one datagram beside such a token. */
  #room(token: Buffer): number {
    return SMALLEST_DATAGRAM - this.#header(token, 0).length - OVERHEAD_BYTES - FRAME_BYTES
  }

  #packet(frames: Buffer): Buffer {
    const headerBytes = this.#header(this.#token, 0).length
    const payload = padded(frames, headerBytes, SMALLEST_DATAGRAM)
    const header = this.#header(this.#token, payload.length)
    const packet = protect(this.#keys, header, this.#nextNumber, payload)
    this.#nextNumber += 1
    return packet
  }

  #header(token: Buffer, payloadBytes: number): Buffer {
    return initialHeader(
      {
        version: this.#version,
        destinationId: this.destinationId,
        sourceId: this.#sourceId,
        token,
        packetNumber: this.#nextNumber,
        payloadBytes,
      },
      OVERHEAD_BYTES,
    )
  }
}

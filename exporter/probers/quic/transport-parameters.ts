/** Transport parameters that a client sends (RFC 9000 §18, RFC 9368 §3). */
import { QUIC_V1, type QuicVersion } from './versions.ts'
import { uint, varint } from './written.ts'

/** Milliseconds. If our farewell is lost the server has forgotten us after this. */
const IDLE_TIMEOUT_MS = 3000
const CONNECTION_BYTES = 65_536
const STREAM_BYTES = 16_384
/** Control stream and the two of QPACK: no HTTP/3 server can do without (RFC 9114 §6.2). */
const STREAMS_OF_SERVER = 3

const MAX_IDLE_TIMEOUT = 0x01
const INITIAL_MAX_DATA = 0x04
const INITIAL_MAX_STREAM_DATA_BIDI_LOCAL = 0x05
const INITIAL_MAX_STREAM_DATA_UNI = 0x07
const INITIAL_MAX_STREAMS_UNI = 0x09
const INITIAL_SOURCE_CONNECTION_ID = 0x0f
const VERSION_INFORMATION = 0x11

/** The parameters of a client that talks with this ID and would ask one thing over HTTP/3. */
export function transportParameters(version: QuicVersion, sourceId: Uint8Array): Buffer {
  const parts = [
    parameter(MAX_IDLE_TIMEOUT, varint(IDLE_TIMEOUT_MS)),
    parameter(INITIAL_MAX_DATA, varint(CONNECTION_BYTES)),
    parameter(INITIAL_MAX_STREAM_DATA_BIDI_LOCAL, varint(STREAM_BYTES)),
    parameter(INITIAL_MAX_STREAM_DATA_UNI, varint(STREAM_BYTES)),
    parameter(INITIAL_MAX_STREAMS_UNI, varint(STREAMS_OF_SERVER)),
    parameter(INITIAL_SOURCE_CONNECTION_ID, sourceId),
  ]
  // Whoever speaks version 2 has to say so (RFC 9369 §4); no other is offered, so that none is chosen.
  if (version.number !== QUIC_V1) {
    const number = uint(version.number, 4)
    parts.push(parameter(VERSION_INFORMATION, Buffer.concat([number, number])))
  }
  return Buffer.concat(parts)
}

function parameter(id: number, value: Uint8Array): Buffer {
  return Buffer.concat([varint(id), varint(value.length), value])
}

import { newConnectionId } from './frames.ts'
import type { Emit, PacketWriter } from './happenings.ts'
import type { Random } from './random.ts'

/** The client's first flight and the server's answer to it. */
export function handshakeStart(connection: PacketWriter, random: Random, emit: Emit): void {
  emit({ type: 'started' })
  emit({ type: 'parameters', side: 'local' })
  emit({ type: 'parameters', side: 'remote' })
  const hello = { type: 'crypto', offset: 0, length: random.integer(280, 380) } as const
  connection.packet(emit, 'received', 'initial', [hello], 1200, true)
  if (random.chance(0.03)) {
    const request = { type: 'stream', id: 0, offset: 0, length: 46, fin: true } as const
    connection.packet(emit, 'received', '0RTT', [request], 96, true)
  }
  const ack = { type: 'ack', delay: 0, ranges: [[0, 0]] } as const
  const serverHello = { type: 'crypto', offset: 0, length: 90 } as const
  connection.packet(emit, 'sent', 'initial', [ack, serverHello], 404, true)
  const certificate = { type: 'crypto', offset: 0, length: random.integer(640, 780) } as const
  connection.packet(emit, 'sent', 'handshake', [certificate], certificate.length + 52, true)
  connection.measured(emit)
}

/** The client's confirmation one round trip later, and what the server sends then. */
export function handshakeAnswer(connection: PacketWriter, random: Random, emit: Emit): void {
  const ack = { type: 'ack', delay: 0, ranges: [[0, 0]] } as const
  const finished = { type: 'crypto', offset: 0, length: 36 } as const
  connection.acknowledge(2)
  connection.measured(emit, connection.roundTrip)
  connection.packet(emit, 'received', 'handshake', [ack, finished], 96, true)
  const ids = [newConnectionId(random, 1, 17), newConnectionId(random, 2, 17)]
  connection.packet(emit, 'received', '1RTT', ids, 148)
  const ticket = { type: 'crypto', offset: 0, length: 181 } as const
  const token = { type: 'new_token', token: random.hex(158) } as const
  const last = [{ type: 'handshake_done' }, ticket, token] as const
  connection.packet(emit, 'sent', '1RTT', last, 314)
}

/**
 * The first rung: which versions does the server speak? It is asked in a version that nobody has and answers with
 * a Version Negotiation packet (RFC 9000 §6.1), for which it keeps nothing and decrypts nothing.
 */
import { randomBytes } from 'node:crypto'
import type { QuicProber, QuicTarget } from '../prober.ts'
import type { Dialogue, Step } from './conversation.ts'
import { frontDoorProber, type QuicProbing } from './front-door.ts'
import { packetsOf, SMALLEST_DATAGRAM } from './long-header.ts'
import { greaseVersion, realVersions, versionText } from './versions.ts'
import { uint } from './written.ts'

/** A client has to send 8 at least (RFC 9000 §7.2); the version that is asked for has no limit of its own. */
const ID_BYTES = 8

/** Asks a front door for its versions. */
export function versionNegotiationProber(target: QuicTarget, probing: QuicProbing): QuicProber {
  return frontDoorProber(target, probing, () => askVersions())
}

/** The dialogue of one look. */
export function askVersions(version = greaseVersion()): Dialogue {
  const [destinationId, sourceId] = [randomBytes(ID_BYTES), randomBytes(ID_BYTES)]
  const question = longHeader(version, destinationId, sourceId)
  return {
    ask: () => [question],
    hear: (datagram) => heard(datagram, { version, destinationId, sourceId }),
    facts: () => ({}),
    leave: () => [],
  }
}

interface Asked {
  readonly version: number
  readonly destinationId: Buffer
  readonly sourceId: Buffer
}

/** What RFC 8999 says of every version, the fixed bit of those that there are, and noise. */
function longHeader(version: number, destinationId: Buffer, sourceId: Buffer): Buffer {
  const header = Buffer.concat([
    Buffer.of(0xc0),
    uint(version, 4),
    ...[destinationId, sourceId].flatMap((id) => [Buffer.of(id.length), id]),
  ])
  return Buffer.concat([header, randomBytes(SMALLEST_DATAGRAM - header.length)])
}

function heard(datagram: Buffer, { version, destinationId, sourceId }: Asked): Step {
  const [packet] = packetsOf(datagram)
  if (packet === undefined || !('sourceId' in packet)) {
    return { type: 'ignored', why: 'no long header' }
  }
  // Who has not seen our packet cannot know both.
  if (!packet.destinationId.equals(sourceId) || !packet.sourceId.equals(destinationId)) {
    return { type: 'ignored', why: 'connection IDs that are not ours' }
  }
  if (packet.type !== 'version_negotiation') {
    return wrong('a packet of some version where Version Negotiation belongs')
  }
  if (packet.versions === undefined)
    return wrong('Version Negotiation without versions, or cut off')
  if (packet.versions.includes(version)) {
    return wrong(`Version Negotiation that offers ${versionText(version)}, which it was asked for`)
  }
  return decided({
    failure: undefined,
    answer: 'version_negotiation',
    versions: realVersions(packet.versions),
  })
}

function wrong(why: string): Step {
  return decided({ failure: 'protocol', why })
}

function decided(verdict: Extract<Step, { type: 'decided' }>['verdict']): Step {
  return { type: 'decided', verdict, lingers: false }
}

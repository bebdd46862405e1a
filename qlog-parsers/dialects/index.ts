/** The registry: one line registers a producer. */
import type { Dialect } from '../dialect.ts'
import type { TraceHeader } from '../trace-header.ts'
import { aioquic } from './aioquic.ts'
import { generic, genericToldMoves, genericVariant } from './generic.ts'
import { nginxQlog } from './nginx-qlog.ts'
import { ngtcp2 } from './ngtcp2.ts'
import { openssl } from './openssl.ts'
import { quicGo } from './quic-go.ts'
import { quicGoLegacy } from './quic-go-legacy.ts'
import { quiche, quicheLegacy, quicheVariants } from './quiche.ts'

export const dialects: readonly Dialect[] = [
  quicGo,
  quicGoLegacy,
  quiche,
  quicheLegacy,
  ngtcp2,
  aioquic,
  nginxQlog,
  openssl,
  // Takes whatever is left.
  generic,
]

/** The dialect of a name, or undefined. */
export function dialectNamed(name: string): Dialect | undefined {
  return dialects.find((dialect) => dialect.name === name)
}

/** Who wrote the file that opens with this header, or undefined. */
export function dialectOf(header: TraceHeader): Dialect | undefined {
  return [genericToldMoves, ...dialects].find((dialect) => dialect.wrote(header))
}

/** What a dialect is called in saved state: its variants have names of their own there. */
export function dialectKey({ name, variant }: Pick<Dialect, 'name' | 'variant'>): string {
  return variant === undefined ? name : `${name} ${variant}`
}

/** The dialect that was saved under this key; undefined if there is none any more. */
export function dialectOfKey(key: string): Dialect | undefined {
  const known = [...dialects, ...quicheVariants].find((dialect) => dialectKey(dialect) === key)
  const [name, words] = key.split(' ')
  return known ?? (name === generic.name && words !== undefined ? genericVariant(words) : undefined)
}

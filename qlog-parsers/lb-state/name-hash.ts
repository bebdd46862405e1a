/** Names that are only compared are kept as this: no address lies in the state in clear. */

const PRIME = 0x01000193

/** A 64-bit hash of a name (FNV-1a twice); tells names apart, is no defence against forgery. */
export function nameHash(name: string): string {
  let low = 0x811c9dc5
  let high = 0x050c5d1f
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i)
    low = Math.imul(low ^ code, PRIME)
    high = Math.imul(high ^ (code + i), PRIME)
  }
  return (high >>> 0).toString(36) + (low >>> 0).toString(36).padStart(7, '0')
}

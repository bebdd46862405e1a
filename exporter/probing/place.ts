/** Where within an interval a job has its turns: the same in every run, different for different names. */
import { createHash } from 'node:crypto'

/** From 0 to below 1, spread evenly over names. */
export function placeOf(...names: readonly string[]): number {
  return createHash('sha256').update(names.join('\0')).digest().readUInt32BE() / 2 ** 32
}

/** A short text that is equal only for equal data. */
export function digestOf(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('base64url').slice(0, 16)
}

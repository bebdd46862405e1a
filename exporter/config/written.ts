import { defaultSourceName } from './source-schema.ts'

/** A source as it was written: what is missing or wrong in it is left out, or is the default. */
export interface WrittenSource {
  /** Place in the list of sources. */
  readonly index: number
  readonly name: string
  readonly paths: readonly WrittenText[]
  readonly recursive: boolean
  readonly include: readonly WrittenText[]
  readonly retention: unknown
}

/** An entry of a list, with its place in it. */
export interface WrittenText {
  readonly index: number
  readonly text: string
}

const DEFAULT_INCLUDE = ['*.sqlog', '*.qlog']

/** The sources of a configuration as they were written, valid or not. */
export function writtenSources(value: unknown): readonly WrittenSource[] {
  return list(field(value, 'sources')).map((written, index) => {
    const name = field(written, 'name')
    return {
      index,
      name: typeof name === 'string' ? name : defaultSourceName(index),
      paths: texts(field(written, 'paths')),
      recursive: field(written, 'recursive') === true,
      include: texts(field(written, 'include') ?? DEFAULT_INCLUDE),
      retention: field(written, 'retention'),
    }
  })
}

/** The value of a key, undefined if there is none or nothing that could have one. */
export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}

/** The entries of a list; none for anything else. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function texts(value: unknown): readonly WrittenText[] {
  return list(value).flatMap((text, index) => (typeof text === 'string' ? [{ index, text }] : []))
}

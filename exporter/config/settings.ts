import { z } from 'zod'
import { configSchema } from './schema.ts'

/** One setting as operators meet it: in the file, on the command line, in the environment. */
export interface Setting {
  /** Key in the file: `tail.watch`, `sources[].paths`. */
  readonly key: string
  /** Top-level key that it belongs to. */
  readonly section: string
  /** Last part of the key. */
  readonly name: string
  readonly type: 'boolean' | 'number' | 'duration' | 'size' | 'text'
  /** Whether the setting takes several values. */
  readonly list: boolean
  /** The words that it can be, empty if it is not one of a closed list. */
  readonly choices: readonly string[]
  /** The range of a number, a duration or a size in words, or empty. */
  readonly limits: string
  /** Value if nobody sets it, or undefined if there is none. */
  readonly default: unknown
  /** Flag without its two hyphens, or undefined if it has none. */
  readonly flag: string | undefined
  /** Environment variables, the one that wins first. */
  readonly env: readonly string[]
  /** What stands for a value in help. */
  readonly placeholder: string
  /** One sentence. */
  readonly description: string
  /** What else there is to know, or empty. */
  readonly details: string
}

/** A top-level key of the file. */
export interface Section {
  readonly name: string
  readonly description: string
  readonly settings: readonly Setting[]
}

interface SchemaNode {
  readonly type?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  readonly details?: string
  readonly flag?: string | false
  readonly env?: readonly string[]
  readonly placeholder?: string
  readonly unit?: 'duration' | 'size'
  readonly limits?: string
}

const NOTES_OF_OURS = new Set(['details', 'flag', 'env', 'placeholder', 'unit', 'limits'])

/** Environment variable that is the twin of a flag. */
export function environmentName(flag: string): string {
  return `QUIC_LB_EXPORTER_${flag.replace(/[.-]/g, '_').toUpperCase()}`
}

/** JSON Schema (2020-12) of the file, for editors and other checkers. */
export function configJsonSchema(): string {
  const plain = JSON.stringify(
    z.toJSONSchema(configSchema, { io: 'input' }),
    (key, value) => (NOTES_OF_OURS.has(key) ? undefined : value),
    2,
  )
  return `${plain}\n`
}

/** Every setting of the schema, by section, in its order. */
export const sections: readonly Section[] = Object.entries(rootProperties()).map(readSection)

/** Every setting of the schema in its order. */
export const settings: readonly Setting[] = sections.flatMap((section) => section.settings)

function rootProperties(): Readonly<Record<string, SchemaNode>> {
  const root = z.toJSONSchema(configSchema, { io: 'input' }) as SchemaNode
  return root.properties ?? {}
}

function readSection([name, node]: readonly [string, SchemaNode]): Section {
  const inner = node.items ?? node
  const prefix = node.items === undefined ? `${name}.` : `${name}[].`
  return {
    name,
    description: node.description ?? '',
    settings: Object.entries(inner.properties ?? {}).map(([key, leaf]) =>
      readSetting(name, prefix, key, leaf),
    ),
  }
}

function readSetting(section: string, prefix: string, name: string, node: SchemaNode): Setting {
  const type = node.unit ?? plainType((node.items ?? node).type)
  const flag = node.flag === false ? undefined : (node.flag ?? `${section}.${name}`)
  const flagName = flag?.replace(/_/g, '-')
  const choices = node.enum ?? []
  return {
    key: `${prefix}${name}`,
    section,
    name,
    type,
    list: node.items !== undefined,
    choices,
    limits: node.limits ?? '',
    default: node.default,
    flag: flagName,
    env: flagName === undefined ? [] : [environmentName(flagName), ...(node.env ?? [])],
    placeholder: node.placeholder ?? placeholderOf(type, choices),
    description: node.description ?? '',
    details: node.details ?? '',
  }
}

function plainType(type: string | undefined): 'boolean' | 'number' | 'text' {
  if (type === 'boolean') return 'boolean'
  return type === 'integer' || type === 'number' ? 'number' : 'text'
}

function placeholderOf(type: Setting['type'], choices: readonly string[]): string {
  if (choices.length > 0) return choices.join('|')
  return { boolean: '', number: 'N', duration: 'DURATION', size: 'SIZE', text: 'TEXT' }[type]
}

import type { z } from 'zod'
import { configSchema } from './schema.ts'
import { sections, settings } from './settings.ts'
import { didYouMean, suggest } from './suggest.ts'

/** Steps from the root of a configuration to one of its values. */
export type ConfigPath = readonly (string | number)[]

/** Something that is wrong with a configuration. */
export interface Problem {
  readonly path: ConfigPath
  /** Whether the key itself is wrong, its value is, or nothing is there. */
  readonly at: 'key' | 'value' | 'missing'
  readonly message: string
}

const SHOWN_CHARACTERS = 60

/** A path as operators write it: `sources[0].paths[1]`. */
export function formatPath(path: ConfigPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const key = /^[A-Za-z0-9_-]+$/.test(step) ? step : show(step)
    return text === '' ? key : `${text}.${key}`
  }, '')
}

/** What a value looks like in a message: one line, short, no control characters. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value !== 'string') return String(value)
  const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value
  // U+007F to U+009F are control characters that JSON leaves as they are.
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u2028\u2029]/g, '?')
}

/** Everything that the schema has against a configuration. */
export function schemaProblems(value: unknown): readonly Problem[] {
  const { error } = configSchema.safeParse(value, { reportInput: true })
  return error === undefined ? [] : error.issues.flatMap(explain)
}

function explain(issue: z.core.$ZodIssue): readonly Problem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      at: 'key',
      message: `unknown key${meantKey(key, path)}`,
    }))
  }
  if (issue.input === undefined) return [{ path, at: 'missing', message: 'is missing' }]
  if (issue.code === 'too_small' && issue.origin === 'array') {
    return [{ path, at: 'missing', message: 'needs at least one entry' }]
  }
  return [{ path, at: 'value', message: requirement(issue) }]
}

function requirement(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom' && issue.params?.isSecret === true) return issue.message
  const written = `, not ${show(issue.input)}`
  if (issue.code === 'invalid_type' && issue.expected === 'object') {
    return `must be a mapping of keys to values${written}`
  }
  if (issue.code === 'invalid_type' && issue.expected === 'array') return `must be a list${written}`
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    return wrongWord(issue.input, issue.message, didYouMean(issue.input, issue.values.map(String)))
  }
  return `${issue.message}${written}`
}

/** What was written and what was meant come first: there may be many words to choose from. */
function wrongWord(written: string, message: string, meant: string): string {
  const choices = meant === '' ? `: it ${message}` : ` It ${message}`
  return `${show(written)} is unknown${meant}${choices}`
}

function meantKey(key: string, parent: ConfigPath): string {
  const [section] = parent
  const siblings =
    section === undefined
      ? sections.map(({ name }) => name)
      : settings.filter((setting) => setting.section === section).map(({ name }) => name)
  const near = suggest(key, siblings)
  if (near !== undefined) return `: did you mean ${near}?`
  const elsewhere = settings.find(({ name }) => name === key)
  return elsewhere === undefined ? '' : `: did you mean ${elsewhere.key}?`
}

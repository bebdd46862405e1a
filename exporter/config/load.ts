import { readTrouble } from '../read-trouble.ts'
import { type ConfigDocument, readDocument } from './document.ts'
import { type Environment, type FlagValues, override } from './overrides.ts'
import { hasProbes } from './probe-relations.ts'
import { formatPath, type Problem, schemaProblems, show } from './problems.ts'
import { relationProblems } from './relations.ts'
import { type Config, configSchema } from './schema.ts'
import { sections } from './settings.ts'
import { needProblems } from './state-relations.ts'
import { field, list } from './written.ts'

/** Where a configuration comes from. */
export interface ConfigRequest {
  /** The YAML file, if there is one. */
  readonly file?: string | undefined
  readonly flags: FlagValues
  readonly env: Environment
  /** Text of a file; may throw what Node's file system throws. */
  readonly readFile: (file: string) => string
}

/** A complete configuration, or everything that is wrong with it in order of appearance. */
export type LoadedConfig =
  | { readonly config: Config; readonly errors?: undefined }
  | { readonly config?: undefined; readonly errors: readonly string[] }

const NO_SOURCES =
  'nothing to read: give --qlog-dir PATH, or a file with sources (--config.file FILE)'
const MAX_ERRORS = 50

/**
 * Lays flags over environment over file over defaults. Errors of the file read
 * `file:line:column path: message`, errors of a flag or variable start with its name.
 */
export function loadConfig({ file, flags, env, readFile }: ConfigRequest): LoadedConfig {
  const text = file === undefined ? '' : readText(file, readFile)
  if (typeof text !== 'string') return { errors: [text.error] }
  const document = readDocument(text)
  const usable = document.readable && isMappingOrEmpty(document.value)
  const written = usable ? withoutEmptySections(document.value) : {}
  const { value, originOf } = override(written, flags, env)

  const needsSources = usable && originOf(['sources']) === undefined
  const own = (usable ? problemsOf(written) : rootProblems(document)).filter(
    (problem) => needsSources || !isAboutNoSources(problem),
  )
  const known = new Set(own.map(subject))
  const whole = [...problemsOf(value), ...(usable ? needProblems(value) : [])]
  const later = whole.filter(
    (problem) => !known.has(subject(problem)) && (usable || !isAboutNoSources(problem)),
  )
  // Flags can also bring out a mistake between lines of the file that are right by themselves.
  const inFile = [...own, ...later.filter(({ path }) => originOf(path) === undefined)]
  const outside = later.flatMap(({ path, message }) => {
    const origin = originOf(path)
    return origin === undefined ? [] : [`${origin}: ${message}`]
  })
  const errors = [...new Set([...formatInFile(file, document, inFile), ...outside])]
  return errors.length > 0 ? { errors: shorten(errors) } : { config: configSchema.parse(value) }
}

function problemsOf(value: unknown): readonly Problem[] {
  const sources = field(value, 'sources') ?? []
  const isEmpty = Array.isArray(sources) && list(sources).length === 0 && !hasProbes(value)
  const nothing: Problem = { path: ['sources'], at: 'missing', message: NO_SOURCES }
  return [...(isEmpty ? [nothing] : []), ...schemaProblems(value), ...relationProblems(value)]
}

function rootProblems({ value, readable }: ConfigDocument): readonly Problem[] {
  if (!readable) return []
  const message = `must be a mapping of keys to values, not ${show(value)}`
  return [{ path: [], at: 'value', message }]
}

function isAboutNoSources({ path, at }: Problem): boolean {
  return path.length === 1 && path[0] === 'sources' && at === 'missing'
}

function formatInFile(
  file: string | undefined,
  document: ConfigDocument,
  problems: readonly Problem[],
): readonly string[] {
  if (file === undefined) return problems.map(subject)
  const placed = problems.map((problem) => ({
    ...document.locate(problem.path, problem.at),
    text: subject(problem),
  }))
  const syntax = document.problems.map((problem) => ({ ...problem, text: subject(problem) }))
  return [...syntax, ...placed]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, text }) => `${file}:${line}:${column} ${text}`)
}

function subject({ path, message }: Pick<Problem, 'path' | 'message'>): string {
  return path.length === 0 ? message : `${formatPath(path)}: ${message}`
}

function isMappingOrEmpty(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value))
}

/** A section whose keys are all commented out is an empty section, not a mistake. */
function withoutEmptySections(value: unknown): Readonly<Record<string, unknown>> {
  const names = new Set(sections.map(({ name }) => name))
  const entries = Object.entries(value ?? {})
  return Object.fromEntries(entries.filter(([key, inner]) => inner !== null || !names.has(key)))
}

/** Text of a file, or why there is none. */
export function readText(
  file: string,
  readFile: ConfigRequest['readFile'],
): string | { readonly error: string } {
  try {
    return readFile(file)
  } catch (thrown) {
    return { error: `${file}: ${readTrouble(thrown)}` }
  }
}

function shorten(errors: readonly string[]): readonly string[] {
  const rest = errors.length - MAX_ERRORS
  return rest <= 0 ? errors : [...errors.slice(0, MAX_ERRORS), `… and ${rest} more`]
}

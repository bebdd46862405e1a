import { isAbsolute, normalize, relative } from 'node:path'
import { type Problem, show } from './problems.ts'
import { defaultSourceName } from './source-schema.ts'

interface WrittenSource {
  readonly index: number
  readonly name: string
  readonly paths: readonly WrittenPath[]
  readonly recursive: boolean
  readonly include: readonly string[]
}

interface WrittenPath {
  readonly index: number
  readonly text: string
}

/**
 * What is wrong between the entries of a configuration: names and addresses given twice, and files
 * that two paths would count twice. Takes values as they were written, valid or not.
 */
export function relationProblems(value: unknown): readonly Problem[] {
  const sources = list(field(value, 'sources')).map(readSource)
  return [...nameProblems(sources), ...pathProblems(sources), ...listenProblems(value)]
}

function nameProblems(sources: readonly WrittenSource[]): readonly Problem[] {
  return sources.flatMap(({ name, index }): readonly Problem[] => {
    const first = sources.findIndex((other) => other.name === name)
    if (first === index) return []
    const message = `${show(name)} is already the name of sources[${first}]`
    return [{ path: ['sources', index, 'name'], at: 'value', message }]
  })
}

function pathProblems(sources: readonly WrittenSource[]): readonly Problem[] {
  const all = sources.flatMap((source) => source.paths.map((path) => ({ source, path })))
  return all.flatMap(({ source, path }, place): readonly Problem[] => {
    const at = { path: ['sources', source.index, 'paths', path.index], at: 'value' } as const
    const twin = all.findIndex((other) => samePath(other.path.text, path.text))
    const first = all[twin]
    if (first !== undefined && twin < place) {
      const message = `${show(path.text)} is already a path of source ${show(first.source.name)}`
      return [{ ...at, message }]
    }
    const around = all.find((other) => covers(other.source, other.path.text, path.text))
    if (around === undefined) return []
    const whole = `${show(around.path.text)} of source ${show(around.source.name)}`
    return [{ ...at, message: `${show(path.text)} lies inside ${whole} and would count twice` }]
  })
}

function listenProblems(value: unknown): readonly Problem[] {
  const addresses = list(field(field(value, 'web'), 'listen'))
  return addresses.flatMap((address, index): readonly Problem[] => {
    if (typeof address !== 'string' || addresses.indexOf(address) === index) return []
    const message = `${show(address)} is given twice`
    return [{ path: ['web', 'listen', index], at: 'value', message }]
  })
}

/** Whether a directory's source reads the other path, or files in it, as well. */
function covers(source: WrittenSource, directory: string, path: string): boolean {
  const inner = innerPath(directory, path)
  if (inner === undefined || inner === '') return false
  // A file beside others is read by its directory's source too; a sub-directory only by recursion.
  const isEntry = !inner.includes('/')
  return source.recursive || (isEntry && source.include.some((pattern) => matches(pattern, inner)))
}

function samePath(a: string, b: string): boolean {
  return innerPath(a, b) === ''
}

/** Path of `path` within `directory`, or undefined if it is elsewhere or that cannot be told. */
function innerPath(directory: string, path: string): string | undefined {
  if (isAbsolute(directory) !== isAbsolute(path)) return undefined
  const inner = relative(normalize(directory), normalize(path))
  return inner === '..' || inner.startsWith('../') ? undefined : inner
}

/** Whether a file name fits a pattern in which only * is special. */
function matches(pattern: string, name: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return pattern === name
  if (!name.startsWith(head)) return false
  let at = head.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - tail.length >= at && name.endsWith(tail)
}

function readSource(written: unknown, index: number): WrittenSource {
  const name = field(written, 'name')
  const paths = list(field(written, 'paths'))
  const include = field(written, 'include')
  return {
    index,
    name: typeof name === 'string' ? name : defaultSourceName(index),
    paths: paths.flatMap((text, at) => (typeof text === 'string' ? [{ index: at, text }] : [])),
    recursive: field(written, 'recursive') === true,
    include: (include === undefined ? ['*.sqlog', '*.qlog'] : list(include)).filter(
      (pattern) => typeof pattern === 'string',
    ),
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Readonly<Record<string, unknown>>)[key]
    : undefined
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

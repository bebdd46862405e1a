import { compressedProblems } from './compressed-relations.ts'
import { haveNameInCommon, innerPath } from './overlap.ts'
import { pollProblems } from './poll-relations.ts'
import { probeProblems } from './probe-relations.ts'
import { type Problem, show } from './problems.ts'
import { stateProblems } from './state-relations.ts'
import { field, list, type WrittenSource, writtenSources } from './written.ts'

/**
 * What is wrong between the entries of a configuration: names and addresses given twice, files
 * that two paths would count twice, and what gets in the way of the kept state. Takes values as
 * they were written, valid or not.
 */
export function relationProblems(value: unknown): readonly Problem[] {
  const sources = writtenSources(value)
  return [
    ...nameProblems(sources),
    ...pathProblems(sources),
    ...compressedProblems(sources),
    ...pollProblems(value),
    ...fieldProblems(value),
    ...backendProblems(value),
    ...probeProblems(value),
    ...listenProblems(value),
    ...stateProblems(value),
  ]
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

function fieldProblems(value: unknown): readonly Problem[] {
  return list(field(value, 'sources')).flatMap((source, index): readonly Problem[] => {
    const isMapped = field(source, 'dialect') === 'mapped'
    const fields = field(source, 'fields')
    const isEmpty = Object.keys(fields ?? {}).length === 0
    if (isMapped && isEmpty) {
      const message = '"mapped" needs fields: which key of a record holds what'
      return [{ path: ['sources', index, 'dialect'], at: 'value', message }]
    }
    if (isMapped || fields === undefined) return []
    const message = 'counts only with dialect "mapped"'
    return [{ path: ['sources', index, 'fields'], at: 'key', message }]
  })
}

/** What a log may call two backends would be counted for one of them only. */
function backendProblems(value: unknown): readonly Problem[] {
  const names = list(field(value, 'backends')).flatMap((backend, index) => [
    { path: ['backends', index, 'name'], text: field(backend, 'name') },
    ...list(field(backend, 'aliases')).map((text, place) => ({
      path: ['backends', index, 'aliases', place],
      text,
    })),
  ])
  return names.flatMap(({ path, text }, index): readonly Problem[] => {
    if (typeof text !== 'string') return []
    const same = (one: { text: unknown }) =>
      typeof one.text === 'string' && one.text.toLowerCase() === text.toLowerCase()
    const first = names[names.findIndex(same)]
    if (first === undefined || first === names[index]) return []
    const message = `${show(text)} is already a name of backends[${first.path[1]}]`
    return [{ path, at: 'value', message }]
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
  return (
    source.recursive ||
    (isEntry && source.include.some((pattern) => haveNameInCommon(pattern.text, inner)))
  )
}

function samePath(a: string, b: string): boolean {
  return innerPath(a, b) === ''
}

import { join } from 'node:path'
import { haveNameInCommon, innerPath } from './overlap.ts'
import { type Problem, show } from './problems.ts'
import { field, type WrittenSource, writtenSources } from './written.ts'

/** What may stand in the directory of the state. */
const STATE_FILES = ['state', 'state.tmp', 'state.unusable']

/**
 * Where the kept state and the files of sources get in each other's way. Takes values as they were
 * written, valid or not.
 */
export function stateProblems(value: unknown): readonly Problem[] {
  const sources = writtenSources(value)
  return [...compressedTwice(sources), ...stateReadAsQlog(sources, storagePath(value))]
}

/**
 * What is asked for without that on which it stands. Only for a whole configuration: a file may
 * leave to a flag or a variable what its own lines need.
 */
export function needProblems(value: unknown): readonly Problem[] {
  if (storagePath(value) !== undefined) return []
  return writtenSources(value).flatMap(({ index, retention }): readonly Problem[] => {
    if (retention !== 'delete' && retention !== 'gzip') return []
    const reason = 'a file goes only when a kept state covers it'
    const message = `${show(retention)} needs storage.path: ${reason}`
    return [{ path: ['sources', index, 'retention'], at: 'value', message }]
  })
}

function compressedTwice(sources: readonly WrittenSource[]): readonly Problem[] {
  return sources.flatMap(({ index, include, retention }) => {
    if (retention !== 'gzip') return []
    const compressed = include.flatMap(({ text }) => [`${text}.gz`, `${text}.gz.part`])
    return include.flatMap((pattern): readonly Problem[] => {
      if (!compressed.some((name) => haveNameInCommon(pattern.text, name))) return []
      const reason = 'also fits the NAME.gz that retention gzip leaves: it would be read again'
      const message = `${show(pattern.text)} ${reason}`
      return [{ path: ['sources', index, 'include', pattern.index], at: 'value', message }]
    })
  })
}

function stateReadAsQlog(
  sources: readonly WrittenSource[],
  directory: unknown,
): readonly Problem[] {
  if (typeof directory !== 'string') return []
  const files = STATE_FILES.map((name) => join(directory, name))
  const reader = sources.find((source) => files.some((file) => reads(source, file)))
  if (reader === undefined) return []
  const reason = `the state in it would be read as qlog by source ${show(reader.name)}`
  const message = `${show(directory)} cannot be used: ${reason}`
  return [{ path: ['storage', 'path'], at: 'value', message }]
}

function reads({ paths, recursive, include }: WrittenSource, file: string): boolean {
  return paths.some(({ text }) => {
    const inner = innerPath(text, file)
    if (inner === undefined) return false
    // Whatever a path itself names is read: it needs no pattern.
    if (inner === '') return true
    const steps = inner.split('/')
    const name = steps.at(-1) ?? ''
    const isReached = recursive || steps.length === 1
    return isReached && include.some((pattern) => haveNameInCommon(pattern.text, name))
  })
}

function storagePath(value: unknown): unknown {
  return field(field(value, 'storage'), 'path')
}

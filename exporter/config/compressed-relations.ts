import { basename } from 'node:path'
import { compressionOf, uncompressedName } from '../compressed-name.ts'
import { haveNameInCommon, innerPath } from './overlap.ts'
import { type Problem, show } from './problems.ts'
import type { WrittenSource } from './written.ts'

const ENDINGS = ['.gz', '.zst']

/**
 * Where a file would count a second time once a rotation has compressed it. A rotation may give it any
 * name, so no source follows files and reads compressed ones.
 */
export function compressedProblems(sources: readonly WrittenSource[]): readonly Problem[] {
  return [...sources.flatMap(mixedPatterns), ...twinPaths(sources)]
}

function mixedPatterns({ index, include }: WrittenSource): readonly Problem[] {
  const followed = include.find(({ text }) => compressionOf(text) === undefined)
  if (followed === undefined) return []
  return include.flatMap((pattern): readonly Problem[] => {
    if (compressionOf(pattern.text) === undefined) return []
    const reason = 'what is compressed after it was read would count again'
    const message = `${show(pattern.text)} cannot stand beside ${show(followed.text)}: ${reason}`
    return [{ path: ['sources', index, 'include', pattern.index], at: 'value', message }]
  })
}

function twinPaths(sources: readonly WrittenSource[]): readonly Problem[] {
  return sources.flatMap(({ index, paths }) =>
    paths.flatMap((path): readonly Problem[] => {
      const isCompressed = compressionOf(path.text) !== undefined
      const twins = isCompressed
        ? [uncompressedName(path.text)]
        : ENDINGS.map((ending) => path.text + ending)
      const reader = sources.find((source) => twins.some((twin) => reads(source, twin)))
      // Of two paths the compressed one is told of.
      if (reader === undefined || (!isCompressed && twins.some((twin) => names(reader, twin)))) {
        return []
      }
      const other = isCompressed ? 'the file that it was' : 'what it is when it is compressed'
      const message = `${show(path.text)} would count twice: source ${show(reader.name)} reads ${other}`
      return [{ path: ['sources', index, 'paths', path.index], at: 'value', message }]
    }),
  )
}

function names({ paths }: WrittenSource, file: string): boolean {
  return paths.some(({ text }) => innerPath(text, file) === '')
}

function reads(source: WrittenSource, file: string): boolean {
  if (names(source, file)) return true
  const name = basename(file)
  const isCompressed = compressionOf(name) !== undefined
  return source.paths.some(({ text }) => {
    const inner = innerPath(text, file)
    if (inner === undefined || (!source.recursive && inner.includes('/'))) return false
    return source.include.some(
      (pattern) =>
        (compressionOf(pattern.text) !== undefined) === isCompressed &&
        haveNameInCommon(pattern.text, name),
    )
  })
}

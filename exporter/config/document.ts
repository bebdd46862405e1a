import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from 'yaml'
import { type ConfigPath, type Problem, show } from './problems.ts'

/** A place in a file; both numbers count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Something that is wrong with a file as YAML. */
export interface SyntaxProblem extends Position {
  /** What it is about, as far as that is known. */
  readonly path: ConfigPath
  readonly message: string
}

/** A YAML file as plain data that remembers where everything was written. */
export interface ConfigDocument {
  readonly value: unknown
  /** Position of a key, or of a value, or of the nearest thing around it that was written. */
  readonly locate: (path: ConfigPath, at: Problem['at']) => Position
  readonly problems: readonly SyntaxProblem[]
  /** Whether `value` is what the file means, so that looking for further mistakes makes sense. */
  readonly readable: boolean
}

const MAX_DEPTH = 16
const MAX_NODES = 10_000

/** Reads YAML 1.2; aliases are followed within bounds, custom tags are refused. */
export function readDocument(source: string, maxNodes = MAX_NODES): ConfigDocument {
  const lines = new LineCounter()
  const document = parseDocument(source, {
    lineCounter: lines,
    logLevel: 'error',
    prettyErrors: false,
    resolveKnownTags: false,
    stringKeys: true,
  })
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems: SyntaxProblem[] = []
  const places = new Map<string, Position>()
  let nodes = 0

  const read = (node: Node | null, path: ConfigPath): unknown => {
    const start = position(node?.range?.[0] ?? 0)
    const refuse = (message: string): undefined => {
      // What an alias leads to was written somewhere else, and its path can be long.
      const top = path.slice(0, 1)
      problems.push({ ...(places.get(place(top, 'key')) ?? start), path: top, message })
    }
    if (!places.has(place(path, 'value'))) places.set(place(path, 'value'), start)
    nodes++
    if (nodes > maxNodes) {
      return nodes === maxNodes + 1 ? refuse(`holds more than ${maxNodes} values`) : undefined
    }
    // Also ends an alias inside its own anchor.
    if (path.length > MAX_DEPTH) return refuse(`is nested deeper than ${MAX_DEPTH} levels`)
    if (isAlias(node)) {
      const target = node.resolve(document)
      return target === undefined
        ? refuse(`alias of an anchor that is not there: ${show(node.source)}`)
        : read(target, path)
    }
    if (isSeq<Node>(node)) return node.items.map((item, index) => read(item, [...path, index]))
    if (!isMap<Node, Node | null>(node)) return isScalar(node) ? node.value : null
    return Object.fromEntries(
      node.items.map(({ key, value }) => {
        const name = isScalar(key) ? String(key.value) : ''
        const inner = [...path, name]
        places.set(place(inner, 'key'), position(key.range?.[0] ?? 0))
        if (value === null) places.set(place(inner, 'value'), position(key.range?.[0] ?? 0))
        return [name, read(value, inner)]
      }),
    )
  }

  const value = read(document.contents, [])
  const locate = (path: ConfigPath, at: Problem['at']): Position => {
    const found = places.get(place(path, at === 'key' ? 'key' : 'value'))
    if (found !== undefined) return found
    return path.length === 0 ? { line: 1, column: 1 } : locate(path.slice(0, -1), 'value')
  }
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const start = position(pos[0])
    const path = code === 'DUPLICATE_KEY' ? pathAt(places, start) : []
    problems.push({ ...start, path, message: syntaxMessage(code, message) })
  }
  const readable = problems.length === document.errors.filter(isDuplicateKey).length
  return { value, locate, problems, readable }
}

function place(path: ConfigPath, at: 'key' | 'value'): string {
  return JSON.stringify([at, ...path])
}

/** Path of the key at a position: a key written twice is stored under its last position. */
function pathAt(places: ReadonlyMap<string, Position>, wanted: Position): ConfigPath {
  for (const [written, { line, column }] of places) {
    if (line !== wanted.line || column !== wanted.column) continue
    const [at, ...path]: [string, ...ConfigPath] = JSON.parse(written)
    if (at === 'key') return path
  }
  return []
}

function isDuplicateKey({ code }: YAMLError): boolean {
  return code === 'DUPLICATE_KEY'
}

function syntaxMessage(code: string, message: string): string {
  if (code === 'DUPLICATE_KEY') return 'is written twice'
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here: only one is read'
  if (code === 'RESOURCE_EXHAUSTION') return 'is nested too deep'
  return `is not valid YAML: ${message}`
}

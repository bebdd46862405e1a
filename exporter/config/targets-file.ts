import { BACKEND_NAME_PATTERN, BACKEND_NAME_REQUIREMENT } from './backend-schema.ts'
import { type ConfigDocument, readDocument } from './document.ts'
import { DEFAULT_MODULE } from './module-schema.ts'
import { fits, type ModuleOf, modulesOf } from './modules.ts'
import { hasUserInfo } from './poll-url.ts'
import { fillProbeUrl, PROBE_URL_REQUIREMENT, type ProbeUrl, parseProbeUrl } from './probe-url.ts'
import { type ConfigPath, formatPath, type Problem, show } from './problems.ts'
import type { ModuleConfig } from './schema.ts'
import { didYouMean } from './suggest.ts'
import { field, list } from './written.ts'

/** One backend that a file names. */
export interface FileTarget {
  readonly name: string
  readonly url: ProbeUrl
  readonly module: string
}

/** What a file says, or everything that is wrong with it as `file:line:column path: message`. */
export type TargetsFile =
  | { readonly targets: readonly FileTarget[]; readonly errors?: undefined }
  | { readonly targets?: undefined; readonly errors: readonly string[] }

/** Backends of one file, at most. */
export const MOST_FILE_TARGETS = 10_000
/** Values in a YAML file of so many, each with labels of its own. */
const MOST_NODES = 100_000
/** Enough to mend a file by, and a bound on what is logged. */
const MOST_ERRORS = 10

/**
 * Reads a file of targets in the form of Prometheus `file_sd`: a list of `targets` and `labels`, as JSON or YAML.
 * `modules`: those that there are besides `default`.
 */
export function readTargetsFile(
  text: string,
  file: string,
  modules: readonly ModuleConfig[],
): TargetsFile {
  let document: ConfigDocument | undefined
  const located = () => {
    document ??= readDocument(text, MOST_NODES)
    return document
  }
  const isJson = file.endsWith('.json')
  const value = isJson ? (parsed(text) ?? located().value) : located().value
  const problems = document?.problems ?? []
  // What is wrong in terms of YAML is of no help to who writes JSON, but for the place.
  const syntax = isJson
    ? problems.slice(0, 1).map((one) => ({ ...one, message: 'is not valid JSON' }))
    : problems
  const reader = new Reader(modules)
  if (syntax.length === 0) reader.file(value)
  const placed = reader.problems.slice(0, MOST_ERRORS).map((problem) => ({
    ...located().locate(problem.path, problem.at),
    text:
      problem.path.length === 0
        ? problem.message
        : `${formatPath(problem.path)}: ${problem.message}`,
  }))
  const errors = [...syntax.map((one) => ({ ...one, text: one.message })), ...placed]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, text }) => `${file}:${line}:${column} ${text}`)
  return errors.length > 0 ? { errors: errors.slice(0, MOST_ERRORS) } : { targets: reader.targets }
}

/** JSON is read much faster as such; undefined if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

class Reader {
  readonly targets: FileTarget[] = []
  readonly problems: Problem[] = []
  readonly #modules: readonly ModuleConfig[]
  readonly #moduleOf: ModuleOf
  readonly #names = new Map<string, string>()

  constructor(modules: readonly ModuleConfig[]) {
    this.#modules = modules
    this.#moduleOf = modulesOf(modules)
  }

  file(value: unknown): void {
    if (!Array.isArray(value)) {
      this.#wrong([], `must be a list of targets and labels, not ${show(value)}`)
      return
    }
    for (const [index, group] of value.entries()) this.#group(group, [index])
    if (this.targets.length > MOST_FILE_TARGETS) {
      this.#wrong([], `names more than ${MOST_FILE_TARGETS} backends`)
    }
  }

  #group(group: unknown, path: ConfigPath): void {
    const targets = field(group, 'targets')
    if (!Array.isArray(targets)) {
      this.#wrong([...path, 'targets'], `must be a list of targets, not ${show(targets)}`)
      return
    }
    const labels = field(group, 'labels')
    const name = field(labels, 'backend')
    const moduleName = field(labels, 'module') ?? DEFAULT_MODULE
    const module = typeof moduleName === 'string' ? this.#moduleOf(moduleName) : undefined
    if (name !== undefined && targets.length > 1) {
      const message = `names one backend, and there are ${targets.length} targets`
      this.#wrong([...path, 'labels', 'backend'], message)
      return
    }
    if (module === undefined) {
      const names = this.#modules.map((one) => one.name)
      const near = typeof moduleName === 'string' ? didYouMean(moduleName, names) : ''
      this.#wrong([...path, 'labels', 'module'], `there is no module ${show(moduleName)}${near}`)
      return
    }
    list(targets).forEach((target, index) => {
      this.#target(target, { name, module, path, place: [...path, 'targets', index] })
    })
  }

  #target(
    written: unknown,
    {
      name: label,
      module,
      path,
      place,
    }: { name: unknown; module: ModuleConfig; path: ConfigPath; place: ConfigPath },
  ): void {
    if (typeof written !== 'string') {
      this.#wrong(place, `must be a URL or HOST:PORT, not ${show(written)}`)
      return
    }
    const url = parseProbeUrl(written) ?? fillProbeUrl('http://*/', written)
    if (url === undefined) {
      const isSecret = hasUserInfo(written)
      const wrong = `${PROBE_URL_REQUIREMENT}, or HOST:PORT, not ${show(written)}`
      this.#wrong(place, isSecret ? 'must not hold a user name or password' : wrong)
      return
    }
    if (!fits(url, module)) {
      const message = `module ${show(module.name)} does not fit ${show(written)}`
      this.#wrong([...path, 'labels', 'module'], message)
      return
    }
    const name = label ?? `${url.host}:${url.port}`
    const at = label === undefined ? place : [...path, 'labels', 'backend']
    if (typeof name !== 'string' || !BACKEND_NAME_PATTERN.test(name)) {
      this.#wrong(at, `${BACKEND_NAME_REQUIREMENT}, not ${show(name)}`)
      return
    }
    const first = this.#names.get(name)
    if (first !== undefined) {
      this.#wrong(at, `${show(name)} is already the name of ${first}`)
      return
    }
    this.#names.set(name, formatPath(place))
    this.targets.push({ name, url, module: module.name })
  }

  #wrong(path: ConfigPath, message: string): void {
    this.problems.push({ path, at: 'value', message })
  }
}

import { polledDialectNamed, polledStates } from '../../qlog-parsers/index.ts'
import { hasUserInfo, POLL_URL_REQUIREMENT, parsePollUrl } from './poll-url.ts'
import { type ConfigPath, type Problem, show } from './problems.ts'
import { field, list } from './written.ts'

const NAMES = polledStates.map(({ name }) => name).join(' or ')

/**
 * What is wrong with what sources read: files, or a balancer that is asked, and a dialect that fits. Takes
 * values as they were written, valid or not.
 */
export function pollProblems(value: unknown): readonly Problem[] {
  const sources = list(field(value, 'sources'))
  return sources.flatMap((source, index): readonly Problem[] => {
    const at = (key: string): ConfigPath => ['sources', index, key]
    const has = (key: string) => field(source, key) !== undefined
    if (typeof source !== 'object' || source === null || Array.isArray(source)) return []
    if (has('url')) {
      const urls = sources.slice(0, index).map((other) => field(other, 'url'))
      return [
        ...(has('paths') ? [both(at('url'))] : []),
        ...dialectOfUrl(source, at),
        ...urlProblem(field(source, 'url'), urls, at('url')),
      ]
    }
    if (!has('paths')) return [{ path: at('paths'), at: 'missing', message: 'is missing' }]
    return [...dialectOfPaths(source, at('dialect')), ...intervalProblem(source, at)]
  })
}

function both(path: ConfigPath): Problem {
  return { path, at: 'key', message: 'is given beside paths: a source has one of both' }
}

function dialectOfUrl(source: object, at: (key: string) => ConfigPath): readonly Problem[] {
  const name = field(source, 'dialect')
  if (name === undefined) {
    return [{ path: at('url'), at: 'key', message: `needs dialect ${NAMES}` }]
  }
  if (typeof name !== 'string' || polledDialectNamed(name) !== undefined) return []
  const message = `${show(name)} is read from files: with url it must be ${NAMES}`
  return [{ path: at('dialect'), at: 'value', message }]
}

function dialectOfPaths(source: object, path: ConfigPath): readonly Problem[] {
  const name = field(source, 'dialect')
  if (typeof name !== 'string' || polledDialectNamed(name) === undefined) return []
  const message = `${show(name)} is asked for, not read from files: give url in place of paths`
  return [{ path, at: 'value', message }]
}

function intervalProblem(source: object, at: (key: string) => ConfigPath): readonly Problem[] {
  if (field(source, 'poll_interval') === undefined) return []
  return [{ path: at('poll_interval'), at: 'key', message: 'counts only with url' }]
}

function urlProblem(
  url: unknown,
  earlier: readonly unknown[],
  path: ConfigPath,
): readonly Problem[] {
  if (typeof url !== 'string') return []
  if (hasUserInfo(url)) {
    return [{ path, at: 'value', message: 'must not hold a user name or password' }]
  }
  if (parsePollUrl(url) === undefined) {
    return [{ path, at: 'value', message: `${POLL_URL_REQUIREMENT}, not ${show(url)}` }]
  }
  const twin = earlier.indexOf(url)
  if (twin < 0) return []
  const message = `is already the url of sources[${twin}] and would count twice`
  return [{ path, at: 'value', message }]
}

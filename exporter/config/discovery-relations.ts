import { moduleProblem } from './probe-fit.ts'
import { fillProbeUrl } from './probe-url.ts'
import type { ConfigPath, Problem } from './problems.ts'
import { field, list } from './written.ts'

/** What is wrong with sources that are to name backends. Takes values as they were written, valid or not. */
export function discoveryProblems(value: unknown): readonly Problem[] {
  return list(field(value, 'sources')).flatMap((source, index): readonly Problem[] => {
    const path: ConfigPath = ['sources', index]
    if (field(source, 'discover') !== true) {
      return ['discover_probe', 'discover_module']
        .filter((key) => field(source, key) !== undefined)
        .map((key) => ({ path: [...path, key], at: 'key', message: 'counts only with discover' }))
    }
    const at = { path: [...path, 'discover'], at: 'key' } as const
    const url = field(source, 'url')
    if (url === undefined) return [{ ...at, message: 'counts only with url' }]
    const isPage = field(source, 'dialect') === 'haproxy-stats' && /^http:/.test(String(url))
    if (isPage) {
      const message = 'the Prometheus page names no addresses: ask the runtime socket (unix:/PATH)'
      return [{ ...at, message }]
    }
    const pattern = field(source, 'discover_probe')
    // Of which family addresses will be nobody knows yet.
    const probe = typeof pattern === 'string' ? fillProbeUrl(pattern, 'backend:1') : undefined
    return moduleProblem(
      value,
      field(source, 'discover_module'),
      [...path, 'discover_module'],
      probe,
    )
  })
}

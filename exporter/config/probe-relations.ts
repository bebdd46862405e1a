import { discoveryProblems } from './discovery-relations.ts'
import { moduleProblems } from './module-relations.ts'
import { moduleProblem } from './probe-fit.ts'
import { parseProbeUrl } from './probe-url.ts'
import { type ConfigPath, type Problem, show } from './problems.ts'
import { parseDuration } from './units.ts'
import { field, list } from './written.ts'

/** Settings of a backend that count only for one that is probed. */
const PROBE_KEYS = ['module', 'interval', 'timeout', 'rise', 'fall'] as const
const DEFAULT_INTERVAL = '15s'
const DEFAULT_TIMEOUT = '3s'

/**
 * What is wrong between backends, modules, front doors and the rest of what is said of probes. Takes values
 * as they were written, valid or not.
 */
export function probeProblems(value: unknown): readonly Problem[] {
  return [
    ...moduleProblems(value),
    ...backendProblems(value),
    ...targetProblems(value),
    ...discoveryProblems(value),
    ...timeProblems(value, ['probes'], field(value, 'probes')),
  ]
}

/** Whether a configuration names anything to probe. */
export function hasProbes(value: unknown): boolean {
  return (
    list(field(value, 'backends')).some((backend) => field(backend, 'probe') !== undefined) ||
    list(field(value, 'targets')).length > 0 ||
    list(field(field(value, 'probes'), 'targets_files')).length > 0
  )
}

function backendProblems(value: unknown): readonly Problem[] {
  return list(field(value, 'backends')).flatMap((backend, index): readonly Problem[] => {
    const path: ConfigPath = ['backends', index]
    const written = field(backend, 'probe')
    if (written === undefined) {
      return PROBE_KEYS.filter((key) => field(backend, key) !== undefined).map((key) => ({
        path: [...path, key],
        at: 'key',
        message: 'counts only with probe',
      }))
    }
    const url = typeof written === 'string' ? parseProbeUrl(written) : undefined
    return [
      ...moduleProblem(value, field(backend, 'module'), [...path, 'module'], url),
      ...timeProblems(value, path, backend),
    ]
  })
}

function targetProblems(value: unknown): readonly Problem[] {
  const targets = list(field(value, 'targets'))
  const backends = list(field(value, 'backends')).map((backend) => field(backend, 'name'))
  const names = targets.map((target) => field(target, 'name'))
  return targets.flatMap((target, index): readonly Problem[] => {
    const path: ConfigPath = ['targets', index]
    const problems: Problem[] = []
    const name = names[index]
    const at = { path: [...path, 'name'], at: 'value' } as const
    if (typeof name === 'string' && names.indexOf(name) < index) {
      const message = `${show(name)} is already the name of targets[${names.indexOf(name)}]`
      problems.push({ ...at, message })
    } else if (typeof name === 'string' && backends.includes(name)) {
      const message = `${show(name)} is already the name of backends[${backends.indexOf(name)}]`
      problems.push({ ...at, message })
    }
    const rungs = list(field(target, 'probes'))
    rungs.forEach((rung, place) => {
      if (rungs.indexOf(rung) === place) return
      const message = `${show(rung)} is given twice`
      problems.push({ path: [...path, 'probes', place], at: 'value', message })
    })
    const compare = field(target, 'compare')
    const module = field(target, 'compare_module')
    if (compare === undefined && module !== undefined) {
      const message = 'counts only with compare'
      problems.push({ path: [...path, 'compare_module'], at: 'key', message })
    }
    const url = typeof compare === 'string' ? parseProbeUrl(compare) : undefined
    problems.push(...moduleProblem(value, module, [...path, 'compare_module'], url))
    return [...problems, ...timeProblems(value, path, target)]
  })
}

/** A probe must be over before the next one is due. */
function timeProblems(value: unknown, path: ConfigPath, own: unknown): readonly Problem[] {
  const general = field(value, 'probes')
  const interval = field(own, 'interval') ?? field(general, 'interval') ?? DEFAULT_INTERVAL
  const timeout = field(own, 'timeout') ?? field(general, 'timeout') ?? DEFAULT_TIMEOUT
  const key = field(own, 'timeout') === undefined ? 'interval' : 'timeout'
  if (field(own, key) === undefined) return []
  const [intervalMs, timeoutMs] = [interval, timeout].map((one) =>
    typeof one === 'string' ? parseDuration(one) : undefined,
  )
  if (intervalMs === undefined || timeoutMs === undefined || timeoutMs < intervalMs) return []
  const message = `a timeout of ${show(timeout)} is not over when the next probe is due after ${show(interval)}`
  return [{ path: [...path, key], at: 'value', message }]
}

/** All logs that are no qlog: request logs of proxies, balancers' event logs, state that is polled. */
import { balancerLogs } from './lb-events/index.ts'
import { polledStates } from './lb-state/index.ts'
import type { LogDialect } from './log-dialect.ts'
import { requestLogs } from './request-logs/index.ts'

export const logDialects: readonly LogDialect[] = [...requestLogs, ...balancerLogs, ...polledStates]

/** The dialect of a name, or undefined. */
export function logDialectNamed(name: string): LogDialect | undefined {
  return logDialects.find((dialect) => dialect.name === name)
}

/** The dialect or variant of a saved key (see `dialectKey`), or undefined. */
export function logDialectOfKey(key: string): LogDialect | undefined {
  const [name, variant] = key.split(' ', 2)
  const dialect = logDialectNamed(name ?? '')
  if (dialect === undefined || variant === undefined) return dialect
  const listed = dialect.variants?.find((one) => one.variant === variant)
  return listed ?? dialect.variantOf?.(variant)
}

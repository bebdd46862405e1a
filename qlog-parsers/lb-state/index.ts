/** The registry of balancers that are asked for their state: one line registers one. */
import { caddyAdmin } from './caddy-admin.ts'
import { haproxyStats } from './haproxy-stats.ts'
import type { PolledDialect } from './polled-dialect.ts'

export const polledStates: readonly PolledDialect[] = [haproxyStats, caddyAdmin]

/** The dialect of a name, or undefined if nothing of that name is polled. */
export function polledDialectNamed(name: string): PolledDialect | undefined {
  return polledStates.find((dialect) => dialect.name === name)
}

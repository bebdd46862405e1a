/** Metrics of the process and of Node.js, as the client library gives them. */
import { collectDefaultMetrics, Registry } from 'prom-client'

/** Of the library's defaults, those that keep the naming rules. */
const KEPT =
  /^(process_.*|nodejs_eventloop_lag_.*seconds|nodejs_heap_size_(total|used)_bytes|nodejs_version_info)$/

/** How the library writes the mean of nothing, as when two pages follow each other at once: absent is not that. */
const NOTHING = /^\S+ nan$\n?/gim

/** Starts collecting; the result renders text format 0.0.4. */
export function runtimeMetrics(): () => Promise<string> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) {
    if (!KEPT.test(name)) registry.removeSingleMetric(name)
  }
  return async () => (await registry.metrics()).replace(NOTHING, '')
}

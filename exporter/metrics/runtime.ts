/** Metrics of the process and of Node.js, as the client library gives them. */
import { collectDefaultMetrics, Registry } from 'prom-client'

/** Of the library's defaults, those that keep the naming rules. */
const KEPT =
  /^(process_.*|nodejs_eventloop_lag_.*seconds|nodejs_heap_size_(total|used)_bytes|nodejs_version_info)$/

/** Starts collecting; the result renders text format 0.0.4. */
export function runtimeMetrics(): () => Promise<string> {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  for (const { name } of registry.getMetricsAsArray()) {
    if (!KEPT.test(name)) registry.removeSingleMetric(name)
  }
  return () => registry.metrics()
}

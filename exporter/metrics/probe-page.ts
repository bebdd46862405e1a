/** The page of one probe: a registry of its own, gauges only, forgotten with the answer. */
import { Gauge, Registry } from 'prom-client'

export interface ProbeSample {
  readonly name: string
  readonly help: string
  /** In base units. */
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

/** Text format 0.0.4; samples of one name stand one behind the other. */
export function renderProbe(samples: readonly ProbeSample[]): Promise<string> {
  const registry = new Registry()
  const gauges = new Map<string, Gauge<string>>()
  for (const { name, help, value, labels = {} } of samples) {
    const known = gauges.get(name)
    const gauge =
      known ??
      new Gauge<string>({ name, help, labelNames: Object.keys(labels), registers: [registry] })
    gauges.set(name, gauge)
    gauge.set(labels, value)
  }
  return registry.metrics()
}

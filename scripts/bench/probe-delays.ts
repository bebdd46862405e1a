/**
 * Loaded before the exporter by `bench:probes`: keeps every scheduling delay as it is observed, to the
 * microsecond, where the page has only buckets. Told to its parent when it asks.
 */
import { Histogram } from '../../exporter/metrics/family.ts'

const FAMILY = 'quic_exporter_probe_delay_seconds'

const delays: number[] = []
const { observe } = Histogram.prototype
Histogram.prototype.observe = function observeAndKeep(owner, value, label) {
  if (this.spec.name === FAMILY) delays.push(value)
  observe.call(this, owner, value, label)
}
process.on('message', () => process.send?.(delays.splice(0)))
// The parent's channel alone keeps no exporter alive.
process.channel?.unref()

/** Metrics of the process that are there though nothing was measured. */
import t from 'tap'
import { runtimeMetrics } from '../exporter/metrics/runtime.ts'
import { parsePage } from './support/page.ts'

t.test('two pages at once: no mean of nothing', async (t) => {
  const page = runtimeMetrics()
  const pages = [await page(), await page(), await page()]
  for (const text of pages) {
    t.notMatch(text, /nan/i)
    const families = parsePage(text)
    t.equal(families.get('process_start_time_seconds')?.samples.length, 1)
    t.equal(families.get('nodejs_eventloop_lag_seconds')?.samples.length, 1)
  }
})

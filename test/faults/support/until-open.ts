import { until } from '../../support/until.ts'
import type { Exporter } from './exporter.ts'
import { descriptorsOf } from './process-facts.ts'

const SURE_AFTER_MS = 100

/**
 * Waits until the exporter holds a file open, and has done so for a moment: it closes again what was
 * moved away before it could see where it was. What nobody opened before it went away is not promised.
 */
export async function untilOpen({ pid }: Exporter, path: string, withinMs = 15_000): Promise<void> {
  let since: number | undefined
  const isOpen = () => {
    since = descriptorsOf(pid).includes(path) ? (since ?? performance.now()) : undefined
    return since !== undefined && performance.now() - since >= SURE_AFTER_MS
  }
  await until(`${path} to be open`, isOpen, { withinMs })
}

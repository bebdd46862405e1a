const USUAL_TIMEOUT_MS = 10_000
const LONGEST_TIMEOUT_MS = 25_000
const TRANSFER_MS = 500

/**
 * Milliseconds that an answer may take, from the header in which Prometheus tells its scrape
 * timeout in seconds: half a second stays for the way back, but never more than half of the whole.
 */
export function scrapeBudgetMs(header: string | readonly string[] | undefined): number {
  const told = Number(header) * 1_000
  const timeout = told > 0 ? Math.min(told, LONGEST_TIMEOUT_MS) : USUAL_TIMEOUT_MS
  return Math.max(timeout - TRANSFER_MS, timeout / 2)
}

/** How waiting for a value ended. */
export type Outcome<T> =
  | { readonly type: 'done'; readonly value: T }
  | { readonly type: 'failed' }
  | { readonly type: 'late' }

/** Waits for a value no longer than the budget; what comes later, or fails later, is ignored. */
export async function within<T>(budgetMs: number, value: Promise<T>): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Outcome<T>>((resolve) => {
    // The scraper's socket keeps the process alive while it waits; nothing else should.
    timer = setTimeout(resolve, budgetMs, { type: 'late' }).unref()
  })
  const settled = value.then(
    (value): Outcome<T> => ({ type: 'done', value }),
    (): Outcome<T> => ({ type: 'failed' }),
  )
  const outcome = await Promise.race([settled, late])
  clearTimeout(timer)
  return outcome
}

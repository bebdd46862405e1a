import type { DataFrame } from '@grafana/data'
import type { Panel } from '../dashboard.ts'

/** Whether there is nothing in any frame but times, labels and values that are no numbers. */
export function isEmpty(frames: readonly DataFrame[]): boolean {
  return mostPoints(frames) === 0
}

/** How many numbers the fullest field has. */
export function mostPoints(frames: readonly DataFrame[]): number {
  const counts = frames.flatMap(({ fields }) =>
    fields
      .filter(({ type }) => type === 'number')
      .map(({ values }) => values.filter(Number.isFinite).length),
  )
  return Math.max(0, ...counts)
}

/** What a panel says that has nothing to show: its own words, or Grafana's. */
export function NoData({ panel }: { readonly panel: Panel }) {
  const { defaults } = (panel.fieldConfig ?? {}) as { defaults?: { noValue?: string } }
  return <div className="no-data">{defaults?.noValue ?? 'No data'}</div>
}

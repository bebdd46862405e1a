import type { DataFrame } from '@grafana/data'
import type { Panel } from '../dashboard.ts'

/** Whether there is nothing in any frame but times, labels and values that are no numbers. */
export function isEmpty(frames: readonly DataFrame[]): boolean {
  return !frames.some(({ fields }) =>
    fields.some(({ type, values }) => type === 'number' && values.some(Number.isFinite)),
  )
}

/** What a panel says that has nothing to show: its own words, or Grafana's. */
export function NoData({ panel }: { readonly panel: Panel }) {
  const { defaults } = (panel.fieldConfig ?? {}) as { defaults?: { noValue?: string } }
  return <div className="no-data">{defaults?.noValue ?? 'No data'}</div>
}

import { dateTimeFormat, type GrafanaTheme2, type TimeRange } from '@grafana/data'

/** Room around a plot for its axes, in px. */
export const MARGIN = { left: 76, right: 12, top: 8, bottom: 24 }

const TICK_EVERY_PX = 110
const ROUND_MS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200,
].map((seconds) => seconds * 1000)

/** Where a time lies on a plot of this width. */
export function timeScale({ from, to }: TimeRange, width: number): (ms: number) => number {
  const inner = width - MARGIN.left - MARGIN.right
  const span = to.valueOf() - from.valueOf()
  return (ms) => MARGIN.left + ((ms - from.valueOf()) / span) * inner
}

interface AxisProps {
  readonly range: TimeRange
  readonly theme: GrafanaTheme2
  readonly width: number
  readonly y: number
}

/** Times along the lower edge. */
export function TimeAxis({ range, theme, width, y }: AxisProps) {
  const span = range.to.valueOf() - range.from.valueOf()
  const wanted = (span / (width - MARGIN.left - MARGIN.right)) * TICK_EVERY_PX
  const step = ROUND_MS.find((ms) => ms >= wanted) ?? 86_400_000
  const scale = timeScale(range, width)
  const first = Math.ceil(range.from.valueOf() / step) * step
  const ticks: number[] = []
  for (let ms = first; ms <= range.to.valueOf(); ms += step) {
    // A label that would be cut at the edge is left out.
    if (scale(ms) < width - 24) ticks.push(ms)
  }
  return (
    <g fontSize={12} fill={theme.colors.text.primary} textAnchor="middle">
      {ticks.map((ms) => (
        <text key={ms} x={scale(ms)} y={y + 17}>
          {dateTimeFormat(ms, { format: step < 60_000 ? 'HH:mm:ss' : 'HH:mm', timeZone: 'utc' })}
        </text>
      ))}
    </g>
  )
}

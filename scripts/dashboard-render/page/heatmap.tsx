import { type DisplayProcessor, formattedValueToString, getDisplayProcessor } from '@grafana/data'
import * as chromatic from 'd3-scale-chromatic'
import { type Drawing, option } from './drawing.ts'
import { NoData } from './no-data.tsx'
import { MARGIN, TimeAxis, timeScale } from './plot-frame.tsx'

const STARTS_DARK = new Set([
  ...['Turbo', 'Cividis', 'Viridis', 'Magma', 'Inferno', 'Plasma', 'Warm', 'Cool'],
])
const LEGEND_HEIGHT = 26
const SHADES = 5

interface Colour {
  readonly scheme?: string
  readonly exponent?: number
  readonly reverse?: boolean
}

/** One row per bucket, the darker the less is in it. Drawn here: Grafana's own lives in its app. */
export function HeatmapPanel({ panel, frames, range, theme, width, height }: Drawing) {
  const frame = frames.find(({ length }) => length > 0)
  const [time, ...rows] = frame?.fields ?? []
  const all = rows.flatMap(({ values }) => values.filter((value) => value > 0) as number[])
  if (frame === undefined || time === undefined || all.length === 0) return <NoData panel={panel} />
  const most = Math.max(...all)
  const shade = shader(option<Colour>(panel, 'color', {}), theme.isDark)
  const scale = timeScale(range, width)
  const stepMs = time.config.interval ?? 0
  const bottom = height - MARGIN.bottom - LEGEND_HEIGHT
  const rowHeight = (bottom - MARGIN.top) / rows.length
  const { unit } = option<{ unit?: string }>(panel, 'yAxis', {})
  const ofUnit = getDisplayProcessor({ field: { config: { unit } }, theme })
  const short = getDisplayProcessor({ field: { config: { unit: 'short' } }, theme })
  const name = (text: string) => bucketName(text, ofUnit)
  const everyRows = Math.max(1, Math.ceil(15 / rowHeight))
  return (
    <svg width={width} height={height} role="img" aria-label={panel.title}>
      {rows.map((row, index) => {
        const y = bottom - (index + 1) * rowHeight
        return (
          <g key={row.name}>
            {index % everyRows === 0 && (
              <text
                x={MARGIN.left - 8}
                y={y + 4}
                fontSize={12}
                textAnchor="end"
                fill={theme.colors.text.primary}
              >
                {name(row.name)}
              </text>
            )}
            {row.values.map((value: number, at: number) =>
              value > 0 ? (
                <rect
                  key={time.values[at]}
                  x={scale(time.values[at] - stepMs)}
                  y={y}
                  width={
                    Math.max(1, scale(time.values[at]) - scale(time.values[at] - stepMs)) + 0.3
                  }
                  height={Math.max(1, rowHeight - 1)}
                  fill={shade(value / most)}
                />
              ) : null,
            )}
          </g>
        )
      })}
      <TimeAxis range={range} theme={theme} width={width} y={bottom} />
      <g transform={`translate(${MARGIN.left} ${height - LEGEND_HEIGHT + 6})`} fontSize={12}>
        {Array.from({ length: SHADES * 20 }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a scale of colours has no other name
          <rect key={index} x={index * 2} width={2.3} height={8} fill={shade(index / 100)} />
        ))}
        <text x={-6} y={9} textAnchor="end" fill={theme.colors.text.secondary}>
          0
        </text>
        <text x={SHADES * 40 + 6} y={9} fill={theme.colors.text.secondary}>
          {formattedValueToString(short(most))}
        </text>
      </g>
    </svg>
  )
}

/** A colour for a share of the most that is in any cell. */
function shader({ scheme = 'Oranges', exponent = 0.5, reverse = false }: Colour, isDark: boolean) {
  const schemes = chromatic as unknown as Record<string, ((share: number) => string) | undefined>
  const interpolate = schemes[`interpolate${scheme}`]
  if (interpolate === undefined) throw new Error(`colour scheme ${scheme} is not known here`)
  // Most schemes start at white; on a dark page the empty end is to be the dark one, as in Grafana.
  const isFlipped = reverse || isDark !== STARTS_DARK.has(scheme)
  return (share: number) => {
    const stretched = Math.min(1, share ** exponent)
    return interpolate(isFlipped ? 1 - stretched : stretched)
  }
}

/** A bucket's upper bound with its unit; a text that is no number stays what it is. */
function bucketName(text: string, ofUnit: DisplayProcessor): string {
  if (text === '+Inf') return '∞'
  const bound = Number(text)
  return Number.isNaN(bound) ? text : formattedValueToString(ofUnit(bound))
}

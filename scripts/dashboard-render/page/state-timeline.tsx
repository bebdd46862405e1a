import {
  type DataFrame,
  type Field,
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
} from '@grafana/data'
import { type Drawing, option } from './drawing.ts'
import { NoData } from './no-data.tsx'
import { MARGIN, TimeAxis, timeScale } from './plot-frame.tsx'

interface Stretch {
  readonly from: number
  readonly to: number
  readonly text: string
  readonly color: string
}

const LETTER_PX = 7
const LINE_PX = 16
const LEFT_PX = 14

/** A bar per series, coloured by its state. Drawn here: Grafana's own lives in its app. */
export function StateTimelinePanel({ panel, frames, range, theme, width, height }: Drawing) {
  const rows = frames.flatMap((frame) =>
    frame.fields
      .filter(({ type }) => type !== FieldType.time)
      .map((field) => ({
        name: getFieldDisplayName(field, frame, [...frames]),
        stretches: stretches(frame, field, range.to.valueOf()),
      })),
  )
  if (!rows.some(({ stretches }) => stretches.length > 0)) return <NoData panel={panel} />
  const left = Math.max(...rows.map(({ name }) => name.length * LETTER_PX)) + LEFT_PX - MARGIN.left
  const scale = timeScale(range, width - left)
  const states = new Map(rows.flatMap(({ stretches }) => stretches).map((s) => [s.text, s.color]))
  const hasLegend = option<{ showLegend?: boolean }>(panel, 'legend', {}).showLegend !== false
  const bottom = height - MARGIN.bottom - (hasLegend ? 26 : 0)
  const rowHeight = (bottom - MARGIN.top) / rows.length
  const thickness = rowHeight * option(panel, 'rowHeight', 0.9)
  return (
    <svg width={width} height={height} role="img" aria-label={panel.title} fontSize={12}>
      <g transform={`translate(${left} 0)`}>
        {rows.map(({ name, stretches }, index) => {
          const y = MARGIN.top + index * rowHeight + (rowHeight - thickness) / 2
          return (
            <g key={name}>
              <text
                x={MARGIN.left - 8}
                y={y + thickness / 2 + 4}
                textAnchor="end"
                fill={theme.colors.text.primary}
              >
                {name}
              </text>
              {stretches.map(({ from, to, text, color }) => {
                const x = scale(Math.max(from, range.from.valueOf()))
                const wide = scale(to) - x
                return (
                  <g key={from}>
                    <rect x={x} y={y} width={Math.max(1, wide)} height={thickness} fill={color} />
                    {option<string>(panel, 'showValue', 'auto') !== 'never' &&
                      thickness >= LINE_PX &&
                      wide > text.length * LETTER_PX + 8 && (
                        <text
                          x={x + 6}
                          y={y + thickness / 2 + 4}
                          fill={theme.colors.getContrastText(color)}
                        >
                          {text}
                        </text>
                      )}
                  </g>
                )
              })}
            </g>
          )
        })}
        <TimeAxis range={range} theme={theme} width={width - left} y={bottom} />
      </g>
      {hasLegend && (
        <foreignObject x={0} y={height - 24} width={width} height={24}>
          <div className="timeline-legend">
            {[...states].map(([text, color]) => (
              <span key={text}>
                <i style={{ background: color }} />
                {text}
              </span>
            ))}
          </div>
        </foreignObject>
      )}
    </svg>
  )
}

/** Neighbouring samples of one state as one stretch; a gap ends it. */
function stretches(frame: DataFrame, field: Field, endMs: number): Stretch[] {
  const time = frame.fields.find(({ type }) => type === FieldType.time)
  const stepMs = time?.config.interval ?? 0
  const found: Stretch[] = []
  for (const [at, value] of field.values.entries()) {
    const from = time?.values[at] as number
    if (value === null || value === undefined || Number.isNaN(value)) continue
    const shown = field.display?.(value)
    if (shown === undefined) continue
    const text = formattedValueToString(shown)
    const to = Math.min(from + stepMs, endMs)
    const last = found.at(-1)
    if (last?.text === text && from - last.to <= stepMs / 2) {
      found[found.length - 1] = { ...last, to }
    } else {
      found.push({ from, to, text, color: shown.color ?? '#888' })
    }
  }
  return found
}

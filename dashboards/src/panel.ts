/** What all panels have in common. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type DynamicConfigValue,
  MappingType,
  type Panel,
  SpecialValueMatch,
  type Threshold as Step,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Threshold } from './thresholds.ts'

/** A panel without its place. */
export interface Tile {
  readonly width: number
  readonly height: number
  readonly panel: Builder<Panel>
}

/** What is said of every panel. */
export interface Common {
  readonly title: string
  /** What it shows, and what to think of it. */
  readonly about: string
  readonly unit: Unit
  readonly width?: number
  readonly height?: number
  readonly threshold?: Threshold | undefined
  /** Shown where there is nothing, instead of the sentence below. */
  readonly nothing?: string
  readonly decimals?: number
  /** Dashboard that tells more, by its uid. */
  readonly more?: string
}

/** Units by Grafana's ids that are used here. */
export const UNITS = {
  none: 'none',
  count: 'short',
  perSecond: 'cps',
  requests: 'reqps',
  seconds: 's',
  age: 'dtdurations',
  share: 'percentunit',
  bytes: 'bytes',
  bytesPerSecond: 'Bps',
  bitsPerSecond: 'bps',
} as const

export type Unit = keyof typeof UNITS

/** True whatever the reason is: it happened not, nobody looked, or the range is too short. */
export const NOTHING = 'Nothing in this time range'

/** Of a bar that stands for nothing. */
export const FAINT = 'rgba(128, 128, 128, 0.25)'

const GREEN = 'green'
const RED = 'red'
const PLAIN = 'text'

/** How far an axis goes at least, so that all zeros are no mountain; the axis of states goes nowhere. */
export const LEAST_AXIS: Readonly<Record<Unit, number>> = {
  none: 1,
  count: 1,
  perSecond: 0.1,
  requests: 0.1,
  seconds: 0.01,
  age: 1,
  share: 0.01,
  bytes: 1000,
  bytesPerSecond: 1000,
  bitsPerSecond: 1000,
}

/** Grafana's steps of colour. */
export function steps(threshold: Threshold | undefined) {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(threshold === undefined ? [{ color: PLAIN, value: null }] : stepsOf(threshold))
}

function stepsOf({ value, wrong }: Threshold): Step[] {
  const [first, then] = wrong === 'above' ? [GREEN, RED] : [RED, GREEN]
  return [
    { color: first, value: null },
    { color: then, value },
  ]
}

/** Values that stand for words. */
export function words(
  texts: Readonly<Record<string, readonly [text: string, color: string]>>,
): ValueMapping {
  const options = Object.fromEntries(
    Object.entries(texts).map(([value, [text, color]], index) => [value, { text, color, index }]),
  )
  return { type: MappingType.ValueToText, options }
}

/** Words for a value that is not there, or is no number: without a colour that would judge it. */
export function nothingIs(text: string): ValueMapping {
  return {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.NullAndNan, result: { text, color: 'text', index: 0 } },
  }
}

/** One property of an override. */
export function property(id: string, value: unknown): DynamicConfigValue {
  return { id, value }
}

/** A fixed colour as an override. */
export function fixedColor(color: string): DynamicConfigValue {
  return property('color', { mode: 'fixed', fixedColor: color })
}

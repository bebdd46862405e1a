import type { Picture } from './drawing/draw.ts'

/** Below this share of its pixels a panel counts as empty: a single thin line is more. */
const LEAST_INK = 0.001

/** Fewer points than this of an hour are no line. */
const FEW = 10

/** What is wrong with a picture, a sentence each: errors, empty panels, complaints of the page. */
export function faults({ panels, complaints }: Picture): string[] {
  return [
    ...complaints.map((text) => `the page complained: ${text}`),
    ...panels.flatMap(({ title, state, text, inked }) => {
      if (state === 'error') return [`${title}: ${text}`]
      return inked < LEAST_INK ? [`${title}: nothing is drawn`] : []
    }),
  ]
}

/** What one should look at, a sentence each: no data, hardly any, a title that is cut, a panel that scrolls. */
export function remarks({ panels }: Picture): string[] {
  return panels.flatMap(({ title, state, text, points, hiddenPx, isTitleCut }) => [
    ...(state === 'no data' ? [`${title}: no data, says "${text}"`] : []),
    ...(state === 'drawn' && points !== undefined && points < FEW
      ? [`${title}: at most ${points} points, hardly seen`]
      : []),
    ...(isTitleCut ? [`${title}: the title is cut`] : []),
    ...(hiddenPx > 0 ? [`${title}: ${hiddenPx} px are seen only by scrolling`] : []),
  ])
}

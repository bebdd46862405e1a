/** Words and colours that mean the same on every dashboard. */
import { fixedColor, property, words } from './panel.ts'

export const UP_OR_DOWN = words({ 0: ['down', 'red'], 1: ['up', 'green'] })
export const ANSWERS = words({ 0: ['no answer', 'red'], 1: ['answers', 'green'] })
export const YES_OR_NO = words({ 0: ['no', 'red'], 1: ['yes', 'green'] })
export const HAPPENED = words({ 0: ['no', 'green'], 1: ['yes', 'red'] })

/** States of a circuit breaker as `BREAKER_STATE` of backend-queries.ts counts them. */
export const BREAKER = words({
  '-1': ['not reported', 'text'],
  0: ['closed', 'green'],
  1: ['half open', 'orange'],
  2: ['open', 'red'],
})

const DASHED = property('custom.lineStyle', { fill: 'dash', dash: [8, 6] })

/** Lines of another time are dashed. */
export const BEFORE = { '/before$/': [DASHED, property('custom.fillOpacity', 0)] }

/** Classes of status. */
export const CODES = {
  '/2xx/': [fixedColor('green')],
  '/3xx/': [fixedColor('blue')],
  '/4xx/': [fixedColor('orange')],
  '/5xx/': [fixedColor('red')],
}

/** Versions of HTTP. */
export const PROTOCOLS = {
  '/^http.1\\.1/': [fixedColor('orange')],
  '/^h2/': [fixedColor('blue')],
  '/^h3/': [fixedColor('green')],
}

/** What comes in is drawn below the axis. */
export const BELOW = { '/received/': [property('custom.transform', 'negative-Y')] }

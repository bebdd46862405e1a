/** Words and colours that mean the same on every dashboard. */
import { FAINT, fixedColor, property, words } from './panel.ts'

export const UP_OR_DOWN = words({ 0: ['down', 'red'], 1: ['up', 'green'] })
export const ANSWERS = words({ 0: ['no answer', 'red'], 1: ['answers', 'green'] })
export const YES_OR_NO = words({ 0: ['no', 'red'], 1: ['yes', 'green'] })
/** Neither is wrong by itself. */
export const WENT_ON = words({ 0: ['no, began at 0', 'text'], 1: ['yes', 'green'] })
export const HAPPENED = words({ 0: ['no', 'green'], 1: ['yes', 'red'] })

/** States of a circuit breaker as `BREAKER_STATE` of backend-queries.ts counts them. */
export const BREAKER = words({
  '-1': ['not reported', FAINT],
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
  '/^other/': [fixedColor('#8e8e8e')],
}

/** What failed is red on every graph. */
export const FAILED = {
  '/failed|refused|timeout/': [fixedColor('red')],
  '/abandoned/': [fixedColor('orange')],
}

/** Ends of connections: as it should be, the user went away, nobody knows, something broke. */
export const REASONS = {
  '/^no_error$/': [fixedColor('green')],
  '/^idle_timeout$/': [fixedColor('blue')],
  '/^(expired|evicted|unknown)$/': [fixedColor('orange')],
  '/^((application|transport|crypto)_error|handshake_timeout|stateless_reset|version_mismatch)$/': [
    fixedColor('red'),
  ],
}

/** Loss: what counts in red, what was only declared in yellow. */
export const LOSSES = {
  '/^net$/': [fixedColor('red')],
  '/^declared$/': [fixedColor('yellow')],
  '/^arrived/': [fixedColor('blue')],
}

/** Two quantiles of many things: the lower one is dashed. */
export const HALF_DASHED = { '/p50$/': [DASHED, property('custom.fillOpacity', 0)] }

/** PromQL as text, as far as a linter without Prometheus needs it. */

/** A selector: `metric{…}` with its range and what stands right before it. */
export interface Selector {
  readonly metric: string
  readonly matchers: string
  /** `5m` of `[5m]`; undefined for an instant. */
  readonly range: string | undefined
  /** Function that is applied to it, `rate` of `rate(metric{…}[5m])`. */
  readonly within: string | undefined
}

const SELECTOR = /(?:\b(\w+)\()?\b([a-zA-Z_:][\w:]*)\{([^}]*)\}(?:\[([^\]]*)\])?/g

/** Selectors of an expression, in order. */
export function selectorsOf(expr: string): Selector[] {
  return [...expr.matchAll(SELECTOR)].map(([, within, metric = '', matchers = '', range]) => ({
    metric,
    matchers,
    range,
    within,
  }))
}

const WORDS = new Set(
  'and or unless by without on ignoring group_left group_right offset bool end start inf nan'.split(
    ' ',
  ),
)

/** Names that stand alone: neither function nor word of the language, and without `{…}`. */
export function bareNames(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '""')
    .replace(/\b(\w+ (by|without)|on|ignoring|group_left|group_right) ?\([^)]*\)/g, ' ')
    .replace(/\b[a-zA-Z_:][\w:]*\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(/\boffset \S+/g, ' ')
    .replace(/\$\{?\w+\}?/g, ' ')
  return [...bare.matchAll(/(?<![\w.])([a-zA-Z_:][\w:]*)\b(?! ?\()/g)]
    .map(([, name = '']) => name)
    .filter((name) => !WORDS.has(name))
}

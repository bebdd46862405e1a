/** Pages of the Prometheus text format 0.0.4, as far as samples go. */

export interface ExpositionSample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  /** As it is written. */
  readonly value: string
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(,|$)/y

/** All samples whose names `wanted` admits; undefined if a line is not of the format or the last one is cut. */
export function parseExposition(
  text: string,
  wanted: (name: string) => boolean,
): ExpositionSample[] | undefined {
  if (!text.endsWith('\n')) return undefined
  const samples: ExpositionSample[] = []
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name = '', written = '', value = ''] = SAMPLE.exec(line) ?? []
    if (name === '') return undefined
    if (!wanted(name)) continue
    const labels = labelsOf(written)
    if (labels === undefined) return undefined
    samples.push({ name, labels, value })
  }
  return samples
}

function labelsOf(written: string): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>()
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < written.length) {
    const match = LABEL.exec(written)
    if (match === null) return undefined
    const [, name = '', value = ''] = match
    labels.set(
      name,
      value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)),
    )
  }
  return labels
}

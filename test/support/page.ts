/** A page of text format 0.0.4, read strictly: what is not exactly the format is an error. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly line: string
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

export type Page = ReadonlyMap<string, Family>

const HELP = /^# HELP ([a-z_][a-z0-9_]*) (\S.*)$/
const TYPE = /^# TYPE ([a-z_][a-z0-9_]*) (counter|gauge|histogram|summary)$/
const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y
const NUMBER = /^(?:\d+(?:\.\d+)?(?:e[+-]\d+)?|NaN|[+-]Inf)$/

/** The families of a page by name; throws on the first line that is not of the format. */
export function parsePage(text: string): Page {
  const families = new Map<
    string,
    { name: string; type: string; help: string; samples: Sample[] }
  >()
  const seen = new Set<string>()
  let help: RegExpExecArray | null = null
  let family: { name: string; type: string; help: string; samples: Sample[] } | undefined
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line is not ended')
  for (const line of text.split('\n')) {
    if (line === '') continue
    if (line.startsWith('# HELP ')) {
      help = HELP.exec(line)
      continue
    }
    if (line.startsWith('#')) {
      const [, name = '', type = ''] = TYPE.exec(line) ?? []
      if (name === '' || help?.[1] !== name) throw new Error(`HELP and TYPE do not belong: ${line}`)
      if (families.has(name)) throw new Error(`${name} is there twice`)
      family = { name, type, help: help[2] ?? '', samples: [] }
      families.set(name, family)
      continue
    }
    const sample = parseSample(line)
    if (family === undefined || !belongs(sample.name, family)) throw new Error(`no family: ${line}`)
    const key = seriesOf(sample)
    if (seen.has(key)) throw new Error(`twice: ${line}`)
    seen.add(key)
    family.samples.push(sample)
  }
  return families
}

function parseSample(line: string): Sample {
  const [, name = '', inner = '', written = ''] = SAMPLE.exec(line) ?? []
  if (!NUMBER.test(written)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < inner.length) {
    const at = LABEL.lastIndex
    const [, label = '', value = ''] = LABEL.exec(inner) ?? []
    if (label === '' || label in labels || LABEL.lastIndex <= at) throw new Error(`labels: ${line}`)
    labels[label] = value
  }
  return { name, labels, value: Number(written.replace('Inf', 'Infinity')), line }
}

function belongs(name: string, family: { name: string; type: string }): boolean {
  if (family.type !== 'histogram') return name === family.name
  return ['_bucket', '_sum', '_count'].some((suffix) => name === `${family.name}${suffix}`)
}

/** Name and labels in canonical order. */
export function seriesOf({ name, labels }: Sample): string {
  const inner = Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .sort()
  return `${name}{${inner.join(',')}}`
}

/** Every series of the page. */
export function allSeries(page: Page): Set<string> {
  return new Set([...page.values()].flatMap(({ samples }) => samples.map(seriesOf)))
}

/** Values by label values (without source and le), those that are 0 left out; undefined: no series. */
export function nonZero(page: Page, name: string): Record<string, number> | undefined {
  const family = page.get(name) ?? page.get(name.replace(/_(bucket|sum|count)$/, ''))
  const samples = family?.samples.filter((sample) => sample.name === name) ?? []
  if (samples.length === 0) return undefined
  const entries = samples.map(({ labels, value }) => {
    const { source: _source, ...own } = labels
    return [Object.values(own).join(' '), value] as const
  })
  return Object.fromEntries(entries.filter(([, value]) => value !== 0))
}

/** Sum of a family's series whose label values are as given; undefined if it has none. */
export function total(
  page: Page,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = page.get(name) ?? page.get(name.replace(/_(bucket|sum|count)$/, ''))
  const wanted = Object.entries(labels)
  const samples =
    family?.samples.filter(
      (sample) => sample.name === name && wanted.every(([k, v]) => sample.labels[k] === v),
    ) ?? []
  if (samples.length === 0) return undefined
  return samples.reduce((sum, { value }) => sum + value, 0)
}

/** Observations by upper bound, not cumulative, empty buckets left out. */
export function observed(page: Page, name: string): Record<string, number> {
  const samples = page.get(name)?.samples.filter((one) => one.name === `${name}_bucket`) ?? []
  let before = 0
  const buckets: Record<string, number> = {}
  for (const { labels, value } of samples) {
    if (value > before) buckets[labels.le ?? ''] = value - before
    before = value
  }
  return buckets
}

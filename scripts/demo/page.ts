/** A scraped page. */
export interface Page {
  /** The sum of all samples of this name with these labels; undefined if there is none. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number | undefined
}

interface Sample {
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

/** Reads a page of the text format 0.0.4. */
export function readPage(text: string): Page {
  const families = new Map<string, Sample[]>()
  for (const [, name = '', labels = '', value] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    const pairs = labels.matchAll(/(\w+)="([^"]*)"/g)
    const sample = {
      labels: new Map([...pairs].map(([, key = '', written = '']) => [key, written])),
      value: Number(value),
    }
    const family = families.get(name)
    if (family === undefined) families.set(name, [sample])
    else family.push(sample)
  }
  return {
    sum(name, labels = {}) {
      const wanted = Object.entries(labels)
      const found = families
        .get(name)
        ?.filter((sample) => wanted.every(([key, written]) => sample.labels.get(key) === written))
      if (found === undefined || found.length === 0) return undefined
      return found.reduce((sum, { value }) => sum + value, 0)
    },
  }
}

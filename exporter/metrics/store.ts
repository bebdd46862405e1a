/** All metrics of one exporter: families by name, owners by index, a bound on how many series may exist. */
import {
  Counter,
  type Family,
  type FamilySpec,
  Gauge,
  Histogram,
  type HistogramSpec,
} from './family.ts'
import { Slots } from './slots.ts'

/** The owner of series that belong to the process, not to a source. */
export const PROCESS = 0

export class MetricStore {
  readonly #slots = new Slots()
  readonly #families = new Map<string, Family>()
  readonly #owners: (string | undefined)[] = ['']
  readonly #maxSeries: number
  #overflow: Counter | undefined
  #series = 0

  constructor(maxSeries = 20_000) {
    this.#maxSeries = maxSeries
  }

  counter(spec: FamilySpec): Counter {
    return this.#register(new Counter('counter', spec, this.#slots, 1, this.#admit))
  }

  gauge(spec: FamilySpec): Gauge {
    return this.#register(new Gauge('gauge', spec, this.#slots, 1, this.#admit))
  }

  histogram(spec: HistogramSpec): Histogram {
    return this.#register(new Histogram(spec, this.#slots, this.#admit))
  }

  /** The index of a source's rows; the same name gives the same index. */
  owner(name: string): number {
    const known = this.#owners.indexOf(name, 1)
    if (known >= 0) return known
    this.#owners.push(name)
    return this.#owners.length - 1
  }

  /** The source's name, '' for the process. */
  ownerName(owner: number): string {
    return this.#owners[owner] ?? ''
  }

  /** Its series are gone; the same name gets another index from now on. */
  dropOwner(owner: number): void {
    this.#owners[owner] = undefined
    for (const family of this.#families.values()) {
      this.#series -= family.drop(owner) * linesOf(family)
    }
  }

  get families(): readonly Family[] {
    return [...this.#families.values()]
  }

  family(name: string): Family | undefined {
    return this.#families.get(name)
  }

  get series(): number {
    return this.#series
  }

  get maxSeries(): number {
    return this.#maxSeries
  }

  #register<T extends Family>(family: T): T {
    if (this.#families.has(family.spec.name))
      throw new Error(`${family.spec.name} is registered twice`)
    this.#families.set(family.spec.name, family)
    return family
  }

  readonly #admit = (family: Family): boolean => {
    const lines = linesOf(family)
    // What the exporter says of itself always has room: it is how the limit is noticed.
    const limited = family.spec.signal !== undefined
    if (limited && this.#series + lines > this.#maxSeries) {
      this.#overflow ??= this.counter({
        name: 'quic_exporter_label_overflow_total',
        help: 'Series that were not created because of the series limit, by metric. Since process start.',
        labels: { metric: this.families.filter(({ spec }) => spec.signal).map(nameOf) },
        owner: '',
        depends: 'clock',
      })
      this.#overflow.add(PROCESS, 1, family.spec.name)
      return false
    }
    this.#series += lines
    return true
  }
}

/** Samples on the page for one series. */
function linesOf(family: Family): number {
  return family.type === 'histogram' ? family.slotsPerSeries + 1 : 1
}

function nameOf({ spec }: Family): string {
  return spec.name
}

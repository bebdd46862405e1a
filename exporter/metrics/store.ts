/** All metrics of one exporter: families by name, owners by index, a bound on how many series may exist. */
import {
  Counter,
  type Family,
  type FamilySpec,
  Gauge,
  Histogram,
  type HistogramSpec,
  type OwnerLabel,
} from './family.ts'
import { Slots } from './slots.ts'

/** The owner of series that belong to the process, not to a source, a backend or a target. */
export const PROCESS = 0

interface Owner {
  readonly label: OwnerLabel | ''
  readonly name: string
}

export class MetricStore {
  readonly #slots = new Slots()
  readonly #families = new Map<string, Family>()
  readonly #owners: (Owner | undefined)[] = [{ label: '', name: '' }]
  readonly #indexes = new Map<string, number>()
  /** Indexes of backends and targets that are gone. */
  readonly #free: number[] = []
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

  /** The index of the rows of a source, a backend or a target; the same name gives the same index. */
  owner(name: string, label: OwnerLabel = 'source'): number {
    const key = keyOf({ label, name })
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    // Who reads for a source may still write when it is dropped: only the others' indexes are used again.
    const index = (label === 'source' ? undefined : this.#free.pop()) ?? this.#owners.length
    this.#owners[index] = { label, name }
    this.#indexes.set(key, index)
    return index
  }

  /** The owner's name, '' for the process. */
  ownerName(owner: number): string {
    return this.#owners[owner]?.name ?? ''
  }

  /** All names by index, as they are now; '' where nobody is. */
  ownerNames(): readonly string[] {
    return this.#owners.map((owner) => owner?.name ?? '')
  }

  /** All integers as they are now. */
  copyOfSlots(): Slots {
    return this.#slots.copy()
  }

  /** Its series are gone. Of a source the same name gets another index from now on. */
  dropOwner(owner: number): void {
    const dropped = this.#owners[owner]
    if (dropped === undefined) return
    this.#owners[owner] = undefined
    this.#indexes.delete(keyOf(dropped))
    for (const family of this.#families.values()) {
      this.#series -= family.drop(owner) * linesOf(family)
    }
    if (dropped.label !== 'source') this.#free.push(owner)
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

  /** Samples of everything that does not belong to owners of one kind. */
  seriesBeside(label: OwnerLabel): number {
    let lines = 0
    for (const family of this.#families.values()) {
      if (family.spec.owner === label) continue
      const one = linesOf(family)
      family.forEach(() => {
        lines += one
      })
    }
    return lines
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
    if (isLimited(family) && this.#series + lines > this.#maxSeries) {
      this.#overflow ??= this.counter({
        name: 'quic_exporter_label_overflow_total',
        help: 'Series that were not created because of the series limit, by metric. Since process start.',
        labels: { metric: this.families.filter(isLimited).map(nameOf) },
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

/** What the exporter says of itself always has room: it is how the limit is noticed. */
function isLimited({ spec }: Family): boolean {
  const isOfProbes = spec.owner === 'backend' || spec.owner === 'target'
  return spec.signal !== undefined || (isOfProbes && spec.alwaysRoom !== true)
}

function keyOf({ label, name }: Owner): string {
  return `${label} ${name}`
}

/** Samples on the page for one series. */
function linesOf(family: Family): number {
  return family.type === 'histogram' ? family.slotsPerSeries + 1 : 1
}

function nameOf({ spec }: Family): string {
  return spec.name
}

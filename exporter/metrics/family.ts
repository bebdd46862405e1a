/** Families of series: what they are called, which label values they may have, where their integers lie. */
import type { Slots } from './slots.ts'

/** Closed label sets by label name, besides the owner's label (`source`). */
export type LabelSets = Readonly<Record<string, readonly string[]>>

/** What a row can belong to: each kind has names of its own. */
export type OwnerLabel = 'source' | 'backend' | 'target'

/** What a family counts in; seconds are kept as microseconds, ratios as millionths. */
export type Unit = 'count' | 'bytes' | 'seconds' | 'ratio'

export interface FamilySpec {
  readonly name: string
  readonly help: string
  readonly labels?: LabelSets
  readonly unit?: Unit
  /** Label of the owner of a row: `source` for everything that comes from an input; '' for the process. */
  readonly owner?: OwnerLabel | ''
  /** `input`: the same for the same bytes; `clock`: depends on when or where it ran. */
  readonly depends?: 'input' | 'clock'
  /** What a source must be able to tell for this family to exist there; none: it always exists. */
  readonly signal?: string
  /** 0 would say something that nobody has said yet: a series exists once it was set. */
  readonly absentUntilSet?: true
  /** It exists although the series limit is reached: what bounds its owners bounds it. */
  readonly alwaysRoom?: true
}

export interface HistogramSpec extends FamilySpec {
  /** Upper bounds in base units, ascending, at most 14. */
  readonly buckets: readonly number[]
}

const DECIMALS: Readonly<Record<Unit, number>> = { count: 0, bytes: 0, seconds: 6, ratio: 6 }
const NAME = /^[a-z][a-z0-9_]*$/

/** One series as it is rendered. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** One owner's series of a family: which exist and where their slots begin. */
export interface Row {
  readonly owner: number
  readonly first: number
  readonly present: Uint8Array
}

/** Common to counters, gauges and histograms: rows of series, one row for each owner. */
export class Family {
  readonly spec: FamilySpec
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly decimals: number
  readonly combinations: readonly Readonly<Record<string, string>>[]
  readonly slots: Slots
  readonly #indexes: readonly ReadonlyMap<string, number>[]
  readonly #widths: readonly number[]
  readonly #slotsPerSeries: number
  readonly #rows: (Row | undefined)[] = []
  readonly #admit: (family: Family, owner: number) => boolean
  /** Series that found no room; each is counted once. */
  readonly #refused = new Set<number>()
  /** First slots of rows that are gone, all 0: backends come and go. */
  readonly #free: number[] = []
  /** The series that was asked for last. */
  #owner = -1
  #firstLabel: string | undefined
  #secondLabel: string | undefined
  #slot = -1

  constructor(
    type: Family['type'],
    spec: FamilySpec,
    slots: Slots,
    slotsPerSeries: number,
    admit: (family: Family, owner: number) => boolean,
  ) {
    if (!NAME.test(spec.name)) throw new Error(`metric name ${spec.name}`)
    const sets = Object.entries(spec.labels ?? {})
    for (const [label, values] of sets) {
      if (!NAME.test(label)) throw new Error(`${spec.name}: label ${label}`)
      if (values.length === 0 || new Set(values).size !== values.length) {
        throw new Error(`${spec.name}: the values of label ${label} are no closed set`)
      }
    }
    this.type = type
    this.spec = spec
    this.slots = slots
    this.decimals = DECIMALS[spec.unit ?? 'count']
    this.combinations = combine(sets)
    this.#indexes = sets.map(([, values]) => new Map(values.map((value, index) => [value, index])))
    this.#widths = sets.map((_, i) =>
      sets.slice(i + 1).reduce((product, [, values]) => product * values.length, 1),
    )
    this.#slotsPerSeries = slotsPerSeries
    this.#admit = admit
  }

  /** Makes series of one owner exist, at 0; all of them, or those that `which` admits. */
  open(owner: number, which: (labels: Readonly<Record<string, string>>) => boolean = all): void {
    this.combinations.forEach((labels, index) => {
      if (which(labels)) this.#create(owner, index)
    })
  }

  /** Makes all series of one owner go away; returns how many there were. */
  drop(owner: number): number {
    const row = this.#rows[owner]
    const { length } = this.combinations
    for (let i = 0; i < length; i += 1) this.#refused.delete(owner * length + i)
    if (row === undefined) return 0
    this.#rows[owner] = undefined
    this.#owner = -1
    // Who reads for a source may still write when it is dropped.
    if (this.spec.owner === 'backend' || this.spec.owner === 'target') {
      this.slots.clear(row.first, length * this.#slotsPerSeries)
      this.#free.push(row.first)
    }
    return row.present.filter((one) => one === 1).length
  }

  /** First slot of a series; it is created if it does not exist. −1: the series limit is reached. */
  slot(owner: number, first?: string, second?: string): number {
    // Most often it is the same series as last time.
    if (owner === this.#owner && first === this.#firstLabel && second === this.#secondLabel) {
      return this.#slot
    }
    const slot = this.#create(owner, this.#index(first, second))
    if (slot < 0) return slot
    this.#owner = owner
    this.#firstLabel = first
    this.#secondLabel = second
    this.#slot = slot
    return slot
  }

  /** The same for a family of any number of labels, their values in declared order. */
  slotOf(owner: number, labels: readonly string[]): number {
    return this.#create(
      owner,
      labels.reduce((index, value, position) => index + this.#at(position, value), 0),
    )
  }

  /** Calls back for each series that exists, owners in order, label values as declared. */
  forEach(
    visit: (owner: number, labels: Readonly<Record<string, string>>, firstSlot: number) => void,
  ): void {
    for (const row of this.#rows) {
      if (row !== undefined) this.visitRow(row, (labels, first) => visit(row.owner, labels, first))
    }
  }

  /** The rows that there are now, owners in order. They stay readable when their owners are dropped. */
  rows(): readonly Row[] {
    return this.#rows.filter((row) => row !== undefined)
  }

  /** Calls back for each series of a row that exists, label values as declared. */
  visitRow(
    { first, present }: Row,
    visit: (labels: Readonly<Record<string, string>>, firstSlot: number) => void,
  ): void {
    this.combinations.forEach((labels, index) => {
      if (present[index] === 1) visit(labels, first + index * this.#slotsPerSeries)
    })
  }

  /** Slots that one series takes. */
  get slotsPerSeries(): number {
    return this.#slotsPerSeries
  }

  #index(first: string | undefined, second: string | undefined): number {
    let index = 0
    if (first !== undefined) index += this.#at(0, first)
    if (second !== undefined) index += this.#at(1, second)
    return index
  }

  #at(position: number, value: string): number {
    const index = this.#indexes[position]?.get(value)
    if (index === undefined) throw new Error(`${this.spec.name}: no label value ${value}`)
    return index * (this.#widths[position] as number)
  }

  #create(owner: number, index: number): number {
    let row = this.#rows[owner]
    if (row?.present[index] === 1) return row.first + index * this.#slotsPerSeries
    const refusal = owner * this.combinations.length + index
    if (this.#refused.has(refusal)) return -1
    if (!this.#admit(this, owner)) {
      this.#refused.add(refusal)
      return -1
    }
    if (row === undefined) {
      const first =
        this.#free.pop() ?? this.slots.allocate(this.combinations.length * this.#slotsPerSeries)
      row = { owner, first, present: new Uint8Array(this.combinations.length) }
      this.#rows[owner] = row
    }
    row.present[index] = 1
    return row.first + index * this.#slotsPerSeries
  }
}

export class Counter extends Family {
  /** Adds a non-negative whole number (µs for seconds). */
  add(owner: number, amount: number, first?: string, second?: string): void {
    const slot = this.slot(owner, first, second)
    if (slot >= 0) this.slots.add(slot, amount)
  }
}

export class Gauge extends Family {
  add(owner: number, amount: number, first?: string, second?: string): void {
    const slot = this.slot(owner, first, second)
    if (slot >= 0) this.slots.add(slot, amount)
  }

  /** Sets a non-negative whole number (µs for seconds). */
  set(owner: number, value: number, first?: string, second?: string): void {
    const slot = this.slot(owner, first, second)
    if (slot >= 0) this.slots.set(slot, value)
  }
}

/** Classic histogram: one slot for each bucket (not cumulative), one for +Inf, one for the sum. */
export class Histogram extends Family {
  readonly bounds: Float64Array
  readonly buckets: readonly number[]

  constructor(
    spec: HistogramSpec,
    slots: Slots,
    admit: (family: Family, owner: number) => boolean,
  ) {
    if (
      spec.buckets.length > 14 ||
      spec.buckets.some((b, i, all) => i > 0 && b <= (all[i - 1] ?? 0))
    ) {
      throw new Error(`${spec.name}: buckets`)
    }
    super('histogram', spec, slots, spec.buckets.length + 2, admit)
    this.buckets = spec.buckets
    this.bounds = Float64Array.from(spec.buckets, (bound) =>
      Math.round(bound * 10 ** this.decimals),
    )
  }

  /** Observes a non-negative whole number: µs for seconds, millionths for ratios. */
  observe(owner: number, value: number, label?: string): void {
    const first = this.slot(owner, label)
    if (first < 0) return
    const { bounds } = this
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1
    this.slots.add(first + bucket, 1)
    this.slots.add(first + bounds.length + 1, value)
  }
}

function combine(
  sets: readonly (readonly [string, readonly string[]])[],
): readonly Readonly<Record<string, string>>[] {
  if (sets.length > 4) throw new Error('more than four labels beside the owner')
  let combinations: Record<string, string>[] = [{}]
  for (const [label, values] of sets) {
    combinations = combinations.flatMap((before) =>
      values.map((value) => ({ ...before, [label]: value })),
    )
  }
  return combinations
}

function all(): boolean {
  return true
}

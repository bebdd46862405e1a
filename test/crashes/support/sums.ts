/** Raw samples of one series, oldest first: when (Unix seconds) and what. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [time: number, value: number])[]
}

/** What a counter has grown by, however often it was set back. */
export interface Growth {
  /** Sum of all raw increases; after a reset the whole value counts, before the first sample nothing. */
  readonly increase: number
  /** Samples below the one before them. */
  readonly resets: number
  readonly first: number
  readonly last: number
}

/** Follows one counter from sample to sample. */
export class GrowthOfOne implements Growth {
  increase = 0
  resets = 0
  first = Number.NaN
  last = Number.NaN

  take(value: number): void {
    if (Number.isNaN(this.last)) this.first = value
    else if (value < this.last) {
      this.resets += 1
      this.increase += value
    } else this.increase += value - this.last
    this.last = value
  }
}

/** The growth of one series. */
export function growthOf({ samples }: Series): Growth {
  const growth = new GrowthOfOne()
  for (const [, value] of samples) growth.take(value)
  return growth
}

/** The growth of several series together. */
export function growthOfAll(all: readonly Series[]): Growth {
  const parts = all.map(growthOf)
  const sum = (of: (growth: Growth) => number) => parts.reduce((total, one) => total + of(one), 0)
  return {
    increase: sum(({ increase }) => increase),
    resets: sum(({ resets }) => resets),
    first: sum(({ first }) => first),
    last: sum(({ last }) => last),
  }
}

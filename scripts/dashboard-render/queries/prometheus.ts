/** Labels of a series, and its samples: seconds since 1970 and the value as Prometheus writes it. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [seconds: number, value: number])[]
}

/** Stretch of time in ms since 1970. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly data?: unknown
}

interface Result {
  readonly resultType: string
  readonly result: readonly Row[]
}

interface Row {
  readonly metric: Readonly<Record<string, string>>
  readonly values?: readonly Sample[]
  readonly value?: Sample
}

type Sample = readonly [number, string]

const ANSWER_WITHIN_MS = 30_000

/** What is asked of Prometheus over HTTP; every call rejects with Prometheus's own words. */
export class Prometheus {
  readonly #address: string

  constructor(address: string) {
    this.#address = address
  }

  /** Series over a range, one sample each step at multiples of the step. */
  async range(query: string, { from, to }: TimeRange, stepMs: number): Promise<Series[]> {
    const step = stepMs / 1000
    const aligned = (ms: number) => String(Math.floor(ms / stepMs) * step)
    return this.#series('query_range', {
      query,
      start: aligned(from),
      end: aligned(to),
      step: String(step),
    })
  }

  /** One sample of each series, at this time. */
  async instant(query: string, atMs: number): Promise<Series[]> {
    return this.#series('query', { query, time: String(atMs / 1000) })
  }

  /** Values of a label among the series that match; all of its values without a selector. */
  async labelValues(label: string, selector: string, { from, to }: TimeRange): Promise<string[]> {
    const range = { start: String(from / 1000), end: String(to / 1000) }
    const matching = selector === '' ? range : { ...range, 'match[]': selector }
    return (await this.#ask(`label/${label}/values`, matching)) as string[]
  }

  async #series(path: string, parameters: Record<string, string>): Promise<Series[]> {
    const { resultType, result } = (await this.#ask(path, parameters)) as Result
    if (resultType === 'scalar') {
      return [{ metric: {}, samples: [sample(result as unknown as Sample)] }]
    }
    return result.map(({ metric, values, value }) => ({
      metric,
      samples: (values ?? (value ? [value] : [])).map(sample),
    }))
  }

  async #ask(path: string, parameters: Record<string, string>): Promise<unknown> {
    const url = new URL(`/api/v1/${path}`, this.#address)
    url.search = new URLSearchParams(parameters).toString()
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    const answer = (await response.json()) as Answer
    if (answer.status !== 'success') throw new Error(answer.error ?? `answered ${response.status}`)
    return answer.data
  }
}

/** `NaN`, `+Inf` and `-Inf` are words of Prometheus's. */
function sample([seconds, text]: Sample): readonly [number, number] {
  return [seconds, Number(text.replace('Inf', 'Infinity'))]
}

/**
 * For logs whose writer was configured to tell more or less: what was found to be told, line by line. A signal
 * is what gives a log certain capabilities; it counts as told once it was seen, and then its series exist. Every
 * set of signals is a variant of the dialect, named by the letters of its signals.
 */
import type { Capabilities } from './capabilities.ts'
import type { LineOutput, LogDialect } from './log-dialect.ts'

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Capabilities by signal. Their letters in saved state follow from the order: new ones go to the end. */
export type Signals = Readonly<Record<string, Capabilities>>

/** A dialect with a variant for every set of signals; without one it has what is in `base`. */
export function withSignals(base: LogDialect, signals: Signals): LogDialect & TellingDialect {
  const names = Object.keys(signals)
  const made = new Map<string, LogDialect>()
  const nameOf = (told: ReadonlySet<string>) =>
    names.map((name, index) => (told.has(name) ? LETTERS[index] : '')).join('')
  const signalsOf = (variant: string) =>
    new Set(names.filter((_, index) => variant.includes(LETTERS[index] as string)))
  const variantOf = (variant: string) => {
    const told = signalsOf(variant)
    if (told.size === 0 || nameOf(told) !== variant) return undefined
    const known = made.get(variant)
    if (known !== undefined) return known
    const more = [...told].map((name) => signals[name])
    const capabilities = Object.assign({}, base.capabilities, ...more)
    const dialect = { ...base, variant, capabilities }
    made.set(variant, dialect)
    return dialect
  }
  const everything = variantOf(nameOf(new Set(names)))
  return {
    ...base,
    variants: everything === undefined ? [] : [everything],
    variantOf,
    nameOf,
    signalsOf,
  }
}

/** The two directions between a set of signals and the name of its variant. */
export interface TellingDialect {
  nameOf(told: ReadonlySet<string>): string
  signalsOf(variant: string): ReadonlySet<string>
}

/** What one file was found to tell; part of its reader's state. */
export class Told {
  readonly #dialect: LogDialect & TellingDialect
  #signals: ReadonlySet<string> = new Set()
  #variant: LogDialect | undefined

  constructor(dialect: LogDialect & TellingDialect) {
    this.#dialect = dialect
  }

  has(signal: string): boolean {
    return this.#signals.has(signal)
  }

  /** A line showed these. */
  learn(shown: readonly string[], out: LineOutput): void {
    if (!shown.every((name) => this.#signals.has(name))) {
      this.#set(new Set([...this.#signals, ...shown]))
    }
    // Said with every line: one that is then rejected takes what it said with it.
    if (this.#variant !== undefined) out.become(this.#variant)
  }

  get state(): string | undefined {
    return this.#variant?.variant
  }

  restore(state: unknown): void {
    if (typeof state === 'string') this.#set(this.#dialect.signalsOf(state))
  }

  #set(signals: ReadonlySet<string>): void {
    this.#signals = signals
    this.#variant = this.#dialect.variantOf?.(this.#dialect.nameOf(signals))
  }
}

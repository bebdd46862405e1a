/** The sources at work, and how they change with the configuration. */
import { isDeepStrictEqual } from 'node:util'
import { polledDialectNamed } from '../qlog-parsers/index.ts'
import type { BackendConfig, Config, SourceConfig } from './config/schema.ts'
import { PolledSource } from './polled-source.ts'
import type { SourceChanges } from './reload-notes.ts'
import { Source } from './source.ts'
import type { SourceAtWork } from './source-at-work.ts'
import { tellPaths } from './source-notes.ts'
import { inputOf, type SourceParts } from './source-parts.ts'

/** Sections whose changes count from the reload on, here or where probes are made. */
const CHANGES_AT_ONCE: ReadonlySet<keyof Config> = new Set([
  'sources',
  'modules',
  'targets',
  'probes',
])

export class Sources {
  readonly #parts: SourceParts
  #config: Config
  #sources: readonly SourceAtWork[]
  #made = 0

  constructor(config: Config, parts: SourceParts) {
    this.#parts = parts
    this.#config = config
    this.#sources = config.sources.map((source) => this.#make(source, config))
  }

  get all(): readonly SourceAtWork[] {
    return this.#sources
  }

  start(): void {
    for (const source of this.#sources) source.start()
  }

  /**
   * Stops the sources that are no longer named or read something else, starts the new ones, and lets the
   * others go on. Other settings wait for the next start. Returns what changed.
   */
  async change(wanted: Config): Promise<SourceChanges> {
    const before = this.#config
    const config = { ...before, sources: wanted.sources }
    const kept = this.#sources.filter((source) => {
      const next = configOf(config, source)
      return next !== undefined && inputOf(next) === source.input
    })
    const gone = this.#sources.filter((source) => !kept.includes(source))
    const added = config.sources.filter(({ name }) => kept.every((source) => source.name !== name))
    for (const source of gone) source.forget()
    const made = added.map((source) => this.#make(source, config))
    this.#sources = [...kept, ...made]
    this.#config = config
    await Promise.all(gone.map((source) => source.stop()))
    const changed = kept.filter(
      (source) => !isDeepStrictEqual(configOf(before, source), configOf(config, source)),
    )
    for (const source of changed) await source.adopt(configOf(config, source) as SourceConfig)
    for (const source of made) source.start()
    return {
      stopped: gone.map(({ name }) => name),
      changed: changed.map(({ name }) => name),
      started: made.map(({ name }) => name),
      later: laterSections(before, wanted),
    }
  }

  #make(source: SourceConfig, config: Config): SourceAtWork {
    this.#made += 1
    const polled = source.url === undefined ? undefined : polledDialectNamed(source.dialect)
    if (polled === undefined) tellPaths(source, this.#parts.log)
    return polled === undefined
      ? new Source(this.#made, source, config, this.#parts)
      : new PolledSource(this.#made, source, config, polled, this.#parts)
  }
}

/** Sections of which something waits for the next start. */
function laterSections(before: Config, wanted: Config): string[] {
  return (Object.keys(wanted) as (keyof Config)[]).filter((key) => {
    if (CHANGES_AT_ONCE.has(key)) return false
    // What logs call backends is of no interest where no log is read.
    if (key === 'backends' && wanted.sources.length === 0) return false
    return !isDeepStrictEqual(lasting(before, key), lasting(wanted, key))
  })
}

function configOf(config: Config, { name }: SourceAtWork): SourceConfig | undefined {
  return config.sources.find((source) => source.name === name)
}

/** Of a section, what only the next start takes over: how backends are probed is none of it. */
function lasting(config: Config, key: keyof Config): unknown {
  if (key !== 'backends') return config[key]
  return config.backends.map(({ name, aliases }: BackendConfig) => ({ name, aliases }))
}

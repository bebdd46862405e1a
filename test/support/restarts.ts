/** An exporter's reading half in this process, killed and started again with nothing but what it saved. */
import { Checkpoint } from '../../exporter/checkpoint.ts'
import { parseCommandLine } from '../../exporter/cli.ts'
import { tailingMetrics } from '../../exporter/collectors/tailing.ts'
import { loadConfig } from '../../exporter/config/load.ts'
import type { Config } from '../../exporter/config/schema.ts'
import type { TableChanges } from '../../exporter/connections/table.ts'
import { renderStore } from '../../exporter/metrics/render.ts'
import { createPipeline, type Pipeline } from '../../exporter/pipeline.ts'
import { OwnProbes } from '../../exporter/probing/own-probes.ts'
import { Sources } from '../../exporter/sources.ts'
import { TailShared } from '../../exporter/tail/tailer.ts'

/** So few that there are always several. */
const SLICE_BYTES = 100

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }

/** One process's life: nothing runs by itself, everything happens at `look`. */
export class Life {
  readonly pipeline: Pipeline
  /** What has to be saved. */
  readonly listed: TableChanges = { connections: [], over: [] }
  /** What this life asks a balancer, it knows again. */
  readonly own = new OwnProbes()
  readonly #sources: Sources
  readonly #checkpoint: Checkpoint

  /** `saved`: the batches of the life before; `clock`: by which files grow old, ms. */
  constructor(
    config: Config,
    saved: readonly Uint8Array[] = [],
    clock?: { readonly now: () => number },
  ) {
    const changes = this.listed
    this.pipeline = createPipeline({}, changes)
    this.#sources = new Sources(config, {
      pipeline: this.pipeline,
      tailing: tailingMetrics(this.pipeline.metrics),
      shared: new TailShared(100),
      keepState: true,
      own: this.own,
      ...(clock === undefined ? {} : { clock }),
      log: SILENT,
    })
    const probing = { saved: () => [], restore: () => {}, own: this.own }
    const sources = () => this.#sources.all
    this.#checkpoint = new Checkpoint(this.pipeline, changes, sources, SLICE_BYTES, probing)
    if (saved.length > 0) this.#checkpoint.restore(saved)
  }

  /** Reads all that is there. */
  async look(): Promise<void> {
    await Promise.all(this.#sources.all.map((source) => source.sweep()))
  }

  /** Puts the state of the sources on the page. */
  publish(): void {
    for (const source of this.#sources.all) source.publish()
  }

  /** What runs by itself from here on. */
  start(): void {
    this.#sources.start()
  }

  /** Everything, as a first commit writes it. */
  image(): Uint8Array[] {
    return [...Array.from(this.#checkpoint.image(), (part) => part.slice()), this.batch()]
  }

  /** As when nothing but an image can be written next. */
  forgetChanges(): void {
    this.#checkpoint.forgetChanges()
  }

  /** What changed since the last image or batch, in small slices that count only with the next batch. */
  changes(): Generator<Uint8Array, void> {
    return this.#checkpoint.changes()
  }

  /** What changed since the last image or batch. */
  batch(): Uint8Array {
    return this.#checkpoint.batch().slice()
  }

  /** What the page says of what was read. */
  page(): Promise<string> {
    return renderStore(this.pipeline.metrics, ({ spec }) => spec.depends !== 'clock')
  }

  /** Another configuration, as at a reload. */
  async change(config: Config): Promise<void> {
    await this.#sources.change(config)
  }

  /** Gives its files and watches back; nothing is told to anybody. */
  async kill(): Promise<void> {
    await Promise.all(this.#sources.all.map((source) => source.stop()))
  }
}

/** The configuration that a command line gives; nothing watches, nothing sweeps by itself. */
export function configured(...args: string[]): Config {
  const command = parseCommandLine([...args, '--no-tail.watch'], {})
  if (command.command !== 'serve') throw new Error(`${args}: ${JSON.stringify(command)}`)
  const { config, errors } = loadConfig({ ...command, readFile: () => '' })
  if (config === undefined) throw new Error(errors.join('\n'))
  return config
}

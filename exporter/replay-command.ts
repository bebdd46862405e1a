/** `replay`: what a set of files says, as a page that depends on nothing but their bytes. */
import { dialectNamed } from '../qlog-parsers/index.ts'
import type { Config, SourceConfig } from './config/schema.ts'
import { logInputOf } from './log-input.ts'
import { renderStore } from './metrics/render.ts'
import { createPipeline } from './pipeline.ts'
import { feedFile, filesOf } from './replay.ts'
import { SourceReader } from './source-reader.ts'

export interface ReplayRequest {
  readonly paths: readonly string[]
  readonly source: string
  readonly vantage: SourceConfig['vantage']
  readonly dialect: string
  /** For logs that must be told. */
  readonly fields?: SourceConfig['fields']
  readonly backends?: Config['backends']
  readonly maxRecordBytes: number
}

/**
 * The page of text format 0.0.4; throws what the file system throws for a path that cannot be read. `unread` is
 * told, once for each reason, of files that say nothing.
 */
export async function replay(
  request: ReplayRequest,
  unread: (why: string) => void = () => {},
): Promise<string> {
  const { backends = [], vantage, maxRecordBytes, fields = {}, dialect: name } = request
  const { metrics, table, input, tell } = createPipeline({ backends })
  const source = metrics.owner(request.source)
  const dialect = dialectNamed(name)
  const options = { source, vantage, maxRecordBytes, ...(dialect === undefined ? {} : { dialect }) }
  const log = logInputOf({ dialect: name, fields }, (event) => tell(source, event))
  const reader = new SourceReader(options, table, input, { unread }, log)
  const files = request.paths.flatMap((path) => filesOf(path, log === undefined))
  for (const path of files) {
    const sink = reader.open()
    for await (const _ of feedFile(path, sink, (bytes) => input.lost(source, 'other', bytes)));
    sink.closed()
  }
  return renderStore(metrics, ({ spec }) => spec.depends !== 'clock')
}

/** The same with what a configuration says of a source of that name, and of backends. */
export function withConfig(request: ReplayRequest, config: Config): ReplayRequest {
  const known = config.sources.find(({ name }) => name === request.source)
  const { dialect, vantage, fields } = known ?? request
  return {
    ...request,
    vantage,
    backends: config.backends,
    ...(fields === undefined ? {} : { fields }),
    dialect: request.dialect === 'auto' ? dialect : request.dialect,
  }
}

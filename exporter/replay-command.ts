/** `replay`: what a set of files says, as a page that depends on nothing but their bytes. */
import type { SourceConfig } from './config/schema.ts'
import { renderStore } from './metrics/render.ts'
import { createPipeline } from './pipeline.ts'
import { filesOf, replayFile } from './replay.ts'
import { SourceReader } from './source-reader.ts'

export interface ReplayRequest {
  readonly paths: readonly string[]
  readonly source: string
  readonly vantage: SourceConfig['vantage']
  readonly maxRecordBytes: number
}

/** The page of text format 0.0.4; throws what the file system throws for a path that cannot be read. */
export function replay(request: ReplayRequest): Promise<string> {
  const { metrics, table, input } = createPipeline()
  const source = metrics.owner(request.source)
  const { vantage, maxRecordBytes } = request
  const reader = new SourceReader({ source, vantage, maxRecordBytes }, table, input)
  for (const path of request.paths.flatMap(filesOf)) replayFile(path, reader.open())
  return renderStore(metrics, ({ spec }) => spec.depends !== 'clock')
}

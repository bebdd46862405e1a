import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary directory with one sub-directory for each source, and the exporter's configuration. */
export interface Workspace {
  readonly root: string
  readonly configFile: string
  directory(source: string): string
  remove(): Promise<void>
}

/** Makes a workspace; its maker removes it. */
export async function makeWorkspace(sources: readonly string[]): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'quic-lb-exporter-demo-'))
  const directory = (source: string) => join(root, source)
  const configFile = join(root, 'config.yml')
  await Promise.all(sources.map((source) => mkdir(directory(source))))
  await writeFile(configFile, configOf(sources, directory))
  const remove = () => rm(root, { recursive: true, force: true, maxRetries: 3 })
  return { root, configFile, directory, remove }
}

// Looks often and lets go of deleted files early: a demo's files come and go within seconds.
function configOf(sources: readonly string[], directory: (source: string) => string): string {
  const entries = sources.map(
    (source) => `  - name: ${source}\n    paths: [${JSON.stringify(directory(source))}]\n`,
  )
  return `sources:
${entries.join('')}tail:
  sweep_interval: 250ms
  rotate_grace: 250ms
log:
  level: info
  format: json
`
}

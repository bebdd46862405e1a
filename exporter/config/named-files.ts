/** Files that a configuration names: whether they are there, and whether those of targets are good. */
import { readDocument } from './document.ts'
import { type ConfigRequest, readText } from './load.ts'
import { type ConfigPath, formatPath } from './problems.ts'
import type { Config } from './schema.ts'
import { readTargetsFile } from './targets-file.ts'

/**
 * Everything that is wrong now with the files that a configuration names. One that cannot be read is told where
 * it is named, `file:line:column path: message`; mistakes within one where they are.
 */
export function namedFileErrors(
  config: Config,
  { file, readFile }: Pick<ConfigRequest, 'file' | 'readFile'>,
): readonly string[] {
  const written = file === undefined ? '' : readText(file, readFile)
  const document = readDocument(typeof written === 'string' ? written : '')
  const unreadable = (path: ConfigPath, error: string) => {
    if (file === undefined) return `${formatPath(path)}: ${error}`
    const { line, column } = document.locate(path, 'value')
    return `${file}:${line}:${column} ${formatPath(path)}: ${error}`
  }
  return namedFiles(config).flatMap(({ path, named, isTargets }) => {
    const text = readText(named, readFile)
    if (typeof text !== 'string') return [unreadable(path, text.error)]
    return isTargets ? (readTargetsFile(text, named, config.modules).errors ?? []) : []
  })
}

interface NamedFile {
  readonly path: ConfigPath
  readonly named: string
  readonly isTargets: boolean
}

function namedFiles({ probes, modules }: Config): readonly NamedFile[] {
  const ofModules = modules.flatMap((module, index): readonly NamedFile[] => {
    const files = [
      ['ca_file', module.tls.caFile],
      ['cert_file', module.tls.certFile],
      ['key_file', module.tls.keyFile],
    ] as const
    return files.flatMap(([key, named]) =>
      named === undefined ? [] : [{ path: ['modules', index, key], named, isTargets: false }],
    )
  })
  const ofTargets = probes.targetsFiles.map(
    (named, index): NamedFile => ({
      path: ['probes', 'targets_files', index],
      named,
      isTargets: true,
    }),
  )
  return [...ofModules, ...ofTargets]
}

import { type ConfigRequest, readText } from './load.ts'
import type { Config } from './schema.ts'
import { readTargetsFile } from './targets-file.ts'

/** Everything that is wrong now with the files of targets that a configuration names. */
export function targetsFileErrors(
  { probes, modules }: Config,
  readFile: ConfigRequest['readFile'],
): readonly string[] {
  return probes.targetsFiles.flatMap((file) => {
    const text = readText(file, readFile)
    if (typeof text !== 'string') return [text.error]
    return readTargetsFile(text, file, modules).errors ?? []
  })
}

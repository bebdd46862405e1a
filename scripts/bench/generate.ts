import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { mergedStream, type StreamParameters } from './stream/merged.ts'

const SOURCES = new URL('./stream/', import.meta.url)

/** Writes a merged stream to a file that must not be read before this returns. */
export function writeStream(path: string, parameters: StreamParameters): void {
  const file = openSync(path, 'w')
  try {
    for (const text of mergedStream(parameters)) {
      const bytes = Buffer.from(text)
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    }
  } finally {
    closeSync(file)
  }
}

/**
 * The path of a stream in a directory, written only if it is not there yet. The name holds all
 * parameters and a digest of the generator; what an older generator wrote there is removed.
 */
export function cachedStream(directory: string, parameters: StreamParameters): string {
  const { shape, bytes, connections, seed } = parameters
  const suffix = `-${generatorDigest()}.sqlog`
  const path = join(directory, `${shape}-${bytes}-${connections}-${seed}${suffix}`)
  if (existsSync(path)) return path
  mkdirSync(directory, { recursive: true })
  for (const name of readdirSync(directory)) {
    if (name.endsWith('.sqlog') && !name.endsWith(suffix)) rmSync(join(directory, name))
  }
  const partial = `${path}.${process.pid}.partial`
  try {
    writeStream(partial, parameters)
    renameSync(partial, path)
  } finally {
    rmSync(partial, { force: true })
  }
  return path
}

function generatorDigest(): string {
  const digest = createHash('sha256')
  for (const name of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.ts')) digest.update(readFileSync(new URL(name, SOURCES)))
  }
  return digest.digest('hex').slice(0, 8)
}

/** Names of compressed files: they are finished files, read as a whole and never followed. */

/** How a file is compressed. */
export type Compression = 'gzip' | 'zstd'

/** How a file of this name, or every file whose name fits this pattern, is compressed; undefined: not at all. */
export function compressionOf(name: string): Compression | undefined {
  if (name.endsWith('.gz')) return 'gzip'
  return name.endsWith('.zst') ? 'zstd' : undefined
}

/** The name without its ending of a compressed file. */
export function uncompressedName(name: string): string {
  return name.replace(/\.(gz|zst)$/, '')
}

/** The recorded streams under test/fixtures. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

export const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), '../fixtures')

export interface Fixture {
  /** `<dialect>/<case>`. */
  readonly name: string
  readonly dialect: string
  readonly path: string
  /** Where its golden page lies. */
  readonly golden: string
}

/** All streams below a folder of dialects, one file each. */
export function fixtures(root = FIXTURES): Fixture[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: dialect }) =>
      readdirSync(join(root, dialect))
        .filter((file) => /\.s?qlog$/.test(file))
        .sort()
        .map((file) => {
          const name = `${dialect}/${file.replace(/\.s?qlog$/, '')}`
          const path = join(root, dialect, file)
          return { name, dialect, path, golden: join(root, `${name}.prom`) }
        }),
    )
}

/** The 360 streams of one Caddy that balanced over three backends: name and content of each file. */
export function caddyLb(): { readonly name: string; readonly content: string }[] {
  const lines = gunzipSync(readFileSync(join(FIXTURES, 'quic-go/caddy-lb.ndjson.gz'))).toString()
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

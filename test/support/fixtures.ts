/** The recorded streams under test/fixtures. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
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
  /** Whose trace it is: a client's if it is called `….client.sqlog`. */
  readonly vantage: 'server' | 'client'
}

export interface LogFixture extends Fixture {
  /** What `replay` must be told besides the path. */
  readonly args: readonly string[]
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
          const vantage = name.endsWith('.client') ? 'client' : 'server'
          return { name, dialect, path, golden: join(root, `${name}.prom`), vantage }
        }),
    )
}

/**
 * All logs that are no qlog below a folder of dialects. `config.yml` beside them names backends, and is where
 * the source `lb` is.
 */
export function logFixtures(root = FIXTURES): LogFixture[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: dialect }) => {
      const config = join(root, dialect, 'config.yml')
      const args = existsSync(config)
        ? ['--config.file', config, '--source', 'lb']
        : ['--dialect', dialect, '--source', 'lb']
      return readdirSync(join(root, dialect))
        .filter((file) => file.endsWith('.log'))
        .sort()
        .map((file) => {
          const name = `${dialect}/${file.replace(/\.log$/, '')}`
          const path = join(root, dialect, file)
          return {
            name,
            dialect,
            path,
            golden: join(root, `${name}.prom`),
            vantage: 'server',
            args,
          }
        })
    })
}

/** The 360 streams of one Caddy that balanced over three backends: name and content of each file. */
export function caddyLb(): { readonly name: string; readonly content: string }[] {
  const lines = gunzipSync(readFileSync(join(FIXTURES, 'quic-go/caddy-lb.ndjson.gz'))).toString()
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

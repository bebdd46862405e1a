import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configurationReference } from '../exporter/config/reference.ts'
import { configJsonSchema } from '../exporter/config/settings.ts'
import { dialectsReference } from './docs/dialects-reference.ts'
import { lbEventsSchema } from './docs/lb-events-schema.ts'
import { metricsReference } from './docs/metrics-reference.ts'

// Writes the generated documents below the current directory; with --check it only compares, and
// ends with 1 if one differs from what is committed.

/** Recordings, beside this script and not below the current directory. */
const FIXTURES = join(import.meta.dirname, '..', 'test', 'fixtures')

interface GeneratedDocument {
  readonly path: string
  readonly render: () => string
}

const documents: readonly GeneratedDocument[] = [
  { path: 'docs/configuration.md', render: configurationReference },
  { path: 'docs/config.schema.json', render: configJsonSchema },
  { path: 'docs/metrics.md', render: () => metricsReference(FIXTURES) },
  { path: 'docs/lb-events.schema.json', render: lbEventsSchema },
  { path: 'docs/dialects.md', render: () => dialectsReference(FIXTURES) },
]

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const isCheck = process.argv.includes('--check')
for (const { path, render } of documents) {
  const wanted = render()
  if (readIfThere(path) === wanted) continue
  if (isCheck) {
    console.error(`${path} differs from its source: run npm run docs`)
    process.exitCode = 1
  } else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, wanted)
    console.log(`${path} written`)
  }
}

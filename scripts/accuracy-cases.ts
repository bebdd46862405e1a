// The recordings whose metrics are compared, what is known of them, and what `replay` says.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type Testimony, witness } from './witness.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const fixtures = join(root, 'test', 'fixtures')

/** Moves that the peer really made. */
export interface Moves {
  readonly total: number
  readonly failed: number
  readonly kind: string
}

/** One recording or set of recordings with what is known of it from elsewhere. */
export interface Case {
  readonly name: string
  readonly texts: readonly string[]
  /** The line of TRUTH.tsv by column name: the relay's truth and independent raw counts. */
  readonly truth: Readonly<Record<string, string>> | undefined
  readonly moves: Moves | undefined
}

/** A case with what the product and the witness say about it. */
export interface Measured extends Case {
  readonly page: string
  readonly testimony: Testimony
}

/** All cases: the streams of TRUTH.tsv, three generations of quic-go, 360 balanced connections. */
export async function readCases(): Promise<Case[]> {
  const truths = await readTruth()
  const cases: Case[] = []
  for (const truth of truths) {
    const moves = {
      total: Number(truth.truth_moves),
      failed: Number(truth.truth_moves_failed),
      kind: truth.truth_move_kind ?? '',
    }
    cases.push({ ...(await single(truth.path ?? '')), truth, moves })
  }
  const headMoves = { total: 1, failed: 0, kind: 'active' }
  cases.push({ ...(await single('quic-go/head.sqlog')), truth: undefined, moves: headMoves })
  for (const path of ['quic-go-legacy/v0.45.qlog', 'quic-go-legacy/v0.50.sqlog']) {
    cases.push({ ...(await single(path)), truth: undefined, moves: undefined })
  }
  const packed = gunzipSync(await readFile(join(fixtures, 'quic-go', 'caddy-lb.ndjson.gz')))
  const lines = packed.toString().split('\n').filter(Boolean)
  const texts = lines.map((line) => (JSON.parse(line) as { content: string }).content)
  const still = { total: 0, failed: 0, kind: '' }
  cases.push({ name: 'quic-go/caddy-lb', texts, truth: undefined, moves: still })
  return cases
}

async function readTruth(): Promise<Record<string, string>[]> {
  const lines = (await readFile(join(fixtures, 'TRUTH.tsv'), 'utf8')).trimEnd().split('\n')
  const columns = lines[0]?.split('\t') ?? []
  return lines.slice(1).map((line) => {
    const cells = line.split('\t')
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
  })
}

async function single(path: string): Promise<Pick<Case, 'name' | 'texts'>> {
  const name = path.replace(/\.s?qlog$/, '')
  return { name, texts: [await readFile(join(fixtures, path), 'utf8')] }
}

/** Runs `replay` over a case in a child process, and the witness beside it. */
export async function measure(one: Case): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'accuracy-'))
  try {
    for (const [index, text] of one.texts.entries()) {
      const extension = text.startsWith('{') ? 'qlog' : 'sqlog'
      await writeFile(join(directory, `${index}.${extension}`), text)
    }
    const main = join(root, 'exporter', 'main.ts')
    const { stdout } = await run(process.execPath, [main, 'replay', directory], {
      maxBuffer: 16 << 20,
    })
    return { ...one, page: stdout, testimony: witness(one.texts) }
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** Measures all cases, one after another. */
export async function measureAll(): Promise<Measured[]> {
  const all: Measured[] = []
  for (const one of await readCases()) all.push(await measure(one))
  return all
}

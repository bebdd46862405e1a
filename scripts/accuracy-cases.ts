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

// Recordings of which nothing is known but what is in them.
const others = [
  'quic-go-legacy/v0.45.qlog',
  'quic-go-legacy/v0.50.sqlog',
  'ngtcp2/rebind2-bottleneck.sqlog',
  'ngtcp2/natrebind-old-path-dead.sqlog',
  'ngtcp2/active-old-path-dead.sqlog',
  'quiche/synthetic-bbr2.sqlog',
  'quiche-legacy/synthetic-rebind2.sqlog',
]

/** Moves that the peer really made. */
export interface Moves {
  readonly total: number
  readonly failed: number
  /** Of all of them; `none` if there were none. */
  readonly kind: string
}

/** One recording or set of recordings with what is known of it from elsewhere. */
export interface Case {
  readonly name: string
  /** The file, if it is one that `replay` can read where it lies. */
  readonly path: string | undefined
  readonly texts: readonly string[]
  /** Made by hand: it shows how a dialect is read, not how a real program writes it. */
  readonly isSynthetic: boolean
  /** The line of TRUTH.tsv by column name: the relay's truth and independent raw counts. */
  readonly truth: Readonly<Record<string, string>> | undefined
  readonly moves: Moves | undefined
}

/** A case with what the product and the witness say about it. */
export interface Measured extends Case {
  readonly page: string
  readonly testimony: Testimony
}

/** All cases: TRUTH.tsv, more generations of quic-go, 360 balanced connections, hand-made ones. */
export async function readCases(): Promise<Case[]> {
  const truths = await readTruth()
  const cases: Case[] = []
  for (const truth of truths) {
    const moves = {
      total: Number(truth.truth_moves),
      failed: Number(truth.truth_moves_failed),
      kind: truth.truth_move_kind || 'none',
    }
    cases.push({ ...(await single(truth.path ?? '')), truth, moves })
  }
  const headMoves = { total: 1, failed: 0, kind: 'active' }
  cases.push({ ...(await single('quic-go/head.sqlog')), truth: undefined, moves: headMoves })
  const nginxMoves = { total: 1, failed: 0, kind: 'nat_rebinding' }
  const nginx = await single('nginx-qlog/loss-rebind.sqlog')
  cases.push({ ...nginx, truth: undefined, moves: nginxMoves })
  const packed = gunzipSync(await readFile(join(fixtures, 'quic-go', 'caddy-lb.ndjson.gz')))
  const lines = packed.toString().split('\n').filter(Boolean)
  const texts = lines.map((line) => (JSON.parse(line) as { content: string }).content)
  const moves = { total: 0, failed: 0, kind: 'none' }
  const name = 'quic-go/caddy-lb'
  cases.push({ name, path: undefined, texts, isSynthetic: false, truth: undefined, moves })
  for (const path of others) {
    cases.push({ ...(await single(path)), truth: undefined, moves: undefined })
  }
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

async function single(path: string): Promise<Omit<Case, 'truth' | 'moves'>> {
  const name = path.replace(/\.s?qlog$/, '')
  const isSynthetic = name.includes('synthetic')
  const file = join(fixtures, path)
  return { name, path: file, texts: [await readFile(file, 'utf8')], isSynthetic }
}

/** Runs `replay` over each case, two at a time in child processes, and the witness beside it. */
export async function measureAll(): Promise<Measured[]> {
  const cases = await readCases()
  const scratch = await mkdtemp(join(tmpdir(), 'accuracy-'))
  const all: Measured[] = []
  const queue = cases.entries()
  const worker = async () => {
    for (const [index, one] of queue) {
      const page = await replay(one.path ?? (await unpack(one.texts, scratch)), scratch)
      all[index] = { ...one, page, testimony: witness(one.texts) }
    }
  }
  try {
    await Promise.all([worker(), worker()])
  } finally {
    await rm(scratch, { recursive: true })
  }
  return all
}

async function unpack(texts: readonly string[], scratch: string): Promise<string> {
  const directory = await mkdtemp(join(scratch, 'texts-'))
  for (const [index, text] of texts.entries()) {
    await writeFile(join(directory, `${index}.sqlog`), text)
  }
  return directory
}

async function replay(path: string, scratch: string): Promise<string> {
  const main = join(root, 'exporter', 'main.ts')
  const { stdout } = await run(process.execPath, [main, 'replay', path], {
    maxBuffer: 16 << 20,
    // All but the first process find the program compiled.
    env: { ...process.env, NODE_COMPILE_CACHE: join(scratch, 'compiled') },
  })
  return stdout
}

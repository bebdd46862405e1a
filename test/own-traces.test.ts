/** Traces of the exporter's own probes in what a source reads: left out, counted, whatever is around them. */
import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createPipeline } from '../exporter/pipeline.ts'
import { OwnProbes } from '../exporter/probing/own-probes.ts'
import { SourceReader } from '../exporter/source-reader.ts'
import { fixtures } from './support/fixtures.ts'
import { total } from './support/page.ts'
import { configured, Life } from './support/restarts.ts'
import { seeded } from './support/seeded.ts'
import { type ReadOptions, read } from './support/trace.ts'

const LEFT_OUT = 'quic_exporter_own_probe_traces_total'
const CONNECTIONS = 'quic_connections_total'
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const GROUP = /"(?:group_id|ODCID)": ?"([0-9a-f]+)"/
/** Dialects whose header names the connection by the ID that its client asked for first. */
const NAMING = ['quic-go', 'quic-go-legacy', 'ngtcp2', 'nginx-qlog', 'aioquic']

/** A recording of a server as a probe with this ID would be recorded. */
function recorded(dialect: string, id: string): Buffer {
  const fixture = fixtures().find((one) => one.dialect === dialect && one.vantage === 'server')
  const text = readFileSync(fixture?.path ?? '', 'latin1')
  const group = GROUP.exec(text)?.[1]
  if (group === undefined) throw new Error(`${dialect} names no group`)
  return Buffer.from(text.replaceAll(group, id), 'latin1')
}

const stranger = () => randomBytes(16).toString('hex')

/** An exporter that has probed, and IDs of its probes. */
function probed() {
  const own = new OwnProbes()
  return { own, id: () => own.first().toString('hex') }
}

for (const [index, dialect] of NAMING.entries()) {
  t.test(`${dialect}: its own and a stranger's, grown in any pieces (SEED=${SEED})`, async (t) => {
    const { own, id } = probed()
    const random = seeded(SEED + index)
    for (let round = 0; round < 4; round += 1) {
      const pieces = Array.from({ length: 20 }, () => 1 + random(10_000))
      const options: ReadOptions = { own, pieces: round === 0 ? [1 << 24] : pieces }
      const page = await read([recorded(dialect, id()), recorded(dialect, id())], options)
      t.equal(total(page, CONNECTIONS), 0, 'it can tell of connections, and there was none')
      t.equal(total(page, 'quic_connections_closed_total'), 0)
      t.equal(total(page, 'quic_handshakes_failed_total'), 0)
      t.notOk(total(page, 'quic_packets_received_total'))
      t.equal(total(page, LEFT_OUT), 2)
      t.ok((total(page, 'quic_exporter_read_bytes_total') ?? 0) > 1000, 'its bytes were read')
      const both = await read([recorded(dialect, id()), recorded(dialect, stranger())], options)
      const alone = await read([recorded(dialect, stranger())], options)
      t.equal(total(both, CONNECTIONS), 1)
      t.equal(total(both, LEFT_OUT), 1)
      t.equal(total(alone, LEFT_OUT), 0, 'none, which is known')
      for (const [name, { samples }] of alone) {
        if (!name.startsWith('quic_exporter_')) t.same(both.get(name)?.samples, samples, name)
      }
    }
  })
}

t.test(
  'the trace of a client, a key of others, a reader without a key: all are counted',
  async (t) => {
    const { own, id } = probed()
    const file = () => recorded('quic-go', id())
    const ofClient = Buffer.from(
      file().toString('latin1').replace('"type":"server"', '"type":"client"'),
    )
    const asClient = await read([ofClient], { own, vantage: 'client' })
    t.equal(total(asClient, CONNECTIONS), 1, 'a trace of our own side is asked for')
    t.notOk(asClient.has(LEFT_OUT))
    const ofOther = await read([file()], { own: probed().own })
    t.equal(total(ofOther, CONNECTIONS), 1)
    const withoutKey = await read([file()])
    t.equal(total(withoutKey, CONNECTIONS), 1)
    t.notOk(withoutKey.has(LEFT_OUT))
  },
)

t.test('how many were left out is shown where it is known, once anything was probed', async (t) => {
  const quiche = fixtures().find(({ dialect }) => dialect === 'quiche')
  const { own } = probed()
  const silent = await read([readFileSync(quiche?.path ?? '')], { own })
  t.equal(total(silent, CONNECTIONS), 1)
  t.notOk(silent.has(LEFT_OUT), 'a header that does not name its connection: absent, not 0')
  const unused = await read([recorded('quic-go', stranger())], { own: new OwnProbes() })
  t.notOk(unused.has(LEFT_OUT), 'nothing was probed')
})

t.test('an ID that a Retry gave is known as well', async (t) => {
  const { own } = probed()
  const id = randomBytes(18)
  const file = recorded('ngtcp2', id.toString('hex'))
  t.equal(total(await read([file], { own }), CONNECTIONS), 1)
  own.retried(id)
  const page = await read([file], { own })
  t.equal(total(page, CONNECTIONS), 0)
  t.equal(total(page, LEFT_OUT), 1)
})

t.test('a file of its own is finished when all of it is read: it may be taken away', (t) => {
  const { own, id } = probed()
  const { metrics, table, input } = createPipeline()
  const options = {
    source: metrics.owner('qlog'),
    vantage: 'server',
    maxRecordBytes: 1 << 20,
  } as const
  const finished = (group: string) => {
    const sink = new SourceReader({ ...options, own }, table, input).open()
    const file = recorded('ngtcp2', group)
    const before = sink.finished()
    // Without the last records nothing shows that it is over.
    sink.feed(file.subarray(0, 2000), false)
    return [before, sink.finished()]
  }
  t.strictSame(finished(id()), [false, true])
  t.strictSame(finished(stranger()), [false, false])
  t.end()
})

t.test('one document with several traces: each for itself', async (t) => {
  const { own, id } = probed()
  const trace = (name: string) => JSON.parse(recorded('aioquic', name).toString()).traces[0]
  const document = (...names: string[]) => {
    const root = JSON.parse(recorded('aioquic', stranger()).toString())
    return Buffer.from(JSON.stringify({ ...root, traces: names.map(trace) }))
  }
  for (const pieces of [[1 << 24], [7000], [999]]) {
    for (const names of [
      [id(), stranger(), id()],
      [stranger(), id(), id()],
      [id(), id(), stranger()],
    ]) {
      const page = await read([document(...names)], { own, pieces })
      t.equal(total(page, CONNECTIONS), 1)
      t.equal(total(page, LEFT_OUT), 2)
    }
  }
})

t.test(`killed anywhere in it: still left out, and counted once (SEED=${SEED})`, async (t) => {
  const root = t.testdir()
  const config = configured('--qlog-dir', root, '--start-at', 'beginning')
  const random = seeded(SEED)
  let life = new Life(config)
  const id = () => life.own.first().toString('hex')
  const files = [
    recorded('quic-go', id()),
    recorded('aioquic', id()),
    recorded('ngtcp2', stranger()),
    recorded('quic-go', stranger()),
  ]
  let saved = life.image()
  const written = files.map(() => 0)
  for (let round = 0; round < 10; round += 1) {
    for (const [index, file] of files.entries()) {
      const from = written[index] ?? 0
      const to = round === 9 ? file.length : from + random((file.length - from) / 2)
      appendFileSync(join(root, `${index}.sqlog`), file.subarray(from, to))
      written[index] = to
    }
    await life.look()
    if (random(2) === 0) saved = life.image()
    else saved.push(life.batch())
    await life.kill()
    life = new Life(config, saved)
    saved = life.image()
  }
  await life.look()
  await life.kill()
  const page = await life.page()
  t.match(page, /^quic_connections_total\{source="qlog"\} 2$/m)
  t.match(page, /^quic_exporter_own_probe_traces_total\{source="qlog"\} 2$/m)
})

t.test(
  'a state of before, without a key: it is taken over, and this process has its own',
  async (t) => {
    const root = t.testdir()
    const config = configured('--qlog-dir', root, '--start-at', 'beginning')
    const first = new Life(config)
    appendFileSync(join(root, 'a.sqlog'), recorded('quic-go', stranger()))
    await first.look()
    await first.kill()
    const before = first.image().map((part) => {
      const text = Buffer.from(part).toString('latin1')
      // Of the same length: the rows say how long they are.
      return Buffer.from(text.replace('"ownProbes":', '"otherWord":'), 'latin1')
    })
    const second = new Life(config, before)
    t.not(second.own.saved().key, first.own.saved().key)
    appendFileSync(join(root, 'b.sqlog'), recorded('quic-go', second.own.first().toString('hex')))
    await second.look()
    await second.kill()
    t.match(await second.page(), /^quic_connections_total\{source="qlog"\} 1$/m)
    t.match(await second.page(), /^quic_exporter_own_probe_traces_total\{source="qlog"\} 1$/m)
  },
)

import { openSync } from 'node:fs'
import { Tailer, TailShared } from '../../exporter/tail/tailer.ts'
import { append, LineSink, numbered } from './tail-harness.ts'

// Run by a test as its own process, with few file descriptors allowed: 500 files in `dir` grow
// twice while most descriptors are taken by something else.

const [dir = ''] = process.argv.slice(2)
const sinks: LineSink[] = []
let lost = 0
const tailer = new Tailer({
  shared: new TailShared(),
  roots: [dir],
  recursive: false,
  include: ['*'],
  startAt: 'beginning',
  open: ({ path }) => {
    const sink = new LineSink(path, 1024 * 1024)
    sinks.push(sink)
    return sink
  },
  observer: {
    read: () => {},
    lost: (_reason, bytes) => {
      lost += bytes
    },
    fileError: () => {},
    fileReset: () => {},
  },
  clock: { now: Date.now },
  watch: false,
  sweepIntervalMs: 1000,
  rotateGraceMs: 5000,
  maxRecordBytes: 1024 * 1024,
})
for (let i = 0; i < 500; i++) append(dir, `${i}`, numbered(i, 1))
for (let i = 0; i < 10; i++) openSync('/dev/null', 'r')
await tailer.sweep()
for (let i = 0; i < 500; i++) append(dir, `${i}`, numbered(i, 1))
await tailer.sweep()
const lines = sinks.reduce((sum, sink) => sum + sink.lines.length, 0)
const { lagBytes, up } = tailer.status()
console.log(JSON.stringify({ lines, sinks: sinks.length, lagBytes, lost, up }))

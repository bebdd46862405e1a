/** A pause of the exporter is no failure of a backend whose answer came meanwhile. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { DEFAULT_MODULE, moduleSchema } from '../exporter/config/module-schema.ts'
import { parseProbeUrl } from '../exporter/config/probe-url.ts'
import { backendProber } from '../exporter/probers/index.ts'
import { attempt } from '../exporter/probing/attempt.ts'
import { targetOf } from '../exporter/probing/backend-spec.ts'
import { MACHINE_CLOCK } from '../exporter/probing/clock.ts'

const TIMEOUT_MS = 500
const PAUSE_MS = 1500

/** Answers while the thread of the test stands still; `/late` never. */
const SERVER = `
  const { createServer } = require('node:http')
  const { parentPort } = require('node:worker_threads')
  const server = createServer((request, response) => {
    if (request.url !== '/late') response.end('well')
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

t.test('an answer that came in time is read after a pause', async (t) => {
  const worker = new Worker(SERVER, { eval: true })
  t.teardown(() => worker.terminate())
  const [port] = await once(worker, 'message')
  const module = moduleSchema.parse({ name: DEFAULT_MODULE })
  const look = (path: string) => {
    const url = parseProbeUrl(`http://127.0.0.1:${port}${path}`)
    if (url === undefined) throw new Error('no URL')
    let isPaused = false
    const pause = () => {
      isPaused = true
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS)
    }
    const note = (line: string) => {
      if (line.startsWith('GET') && !isPaused) setImmediate(pause)
    }
    return attempt(backendProber(targetOf(url, module)), TIMEOUT_MS, { clock: MACHINE_CLOCK, note })
  }
  const well = await look('/')
  t.equal(well.failure, undefined, `${well.why}`)
  t.equal((await look('/late')).failure, 'timeout', 'one that did not come is none')
})

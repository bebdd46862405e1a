import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { compile } from './support/copy.ts'
import { trackedFiles } from './support/exact.ts'
import { startExporter } from './support/exporter.ts'
import { fault } from './support/fault.ts'
import { cpuSecondsOf, forgetPeak, memoryOf } from './support/process-facts.ts'
import { makePlace } from './support/scene.ts'

const FILES = 100_000
const DIRECTORIES = 100
const OBSERVED_MS = 30_000
const MIB = 1024 ** 2

fault(
  {
    id: 'F-47',
    fault: '100,000 idle files in the tree',
    expected: 'rescans take <= 10 % of a core, RSS <= 150 MiB',
  },
  async (t) => {
    const { root, write, directory } = makePlace(t)
    for (let i = 0; i < FILES; i++) write(`${i % DIRECTORIES}/${i}.sqlog`, 1)
    const program = await compile(t, join(directory, 'program'))
    // They are idle when the exporter comes: it starts at their ends, with settings that nobody changed.
    const exporter = await startExporter(t, root, {
      program,
      flags: ['--recursive', '--start-at', 'end', '--tail.sweep-interval', '1s'],
    })
    // It is ready, so it has seen them all; nobody asks for pages while it idles.
    const cpu = cpuSecondsOf(exporter.pid)
    forgetPeak(exporter.pid)
    const begun = performance.now()
    await delay(OBSERVED_MS)
    const share = (cpuSecondsOf(exporter.pid) - cpu) / ((performance.now() - begun) / 1000)
    const { now, peak } = memoryOf(exporter.pid)
    const percent = (share * 100).toFixed(1)
    const mib = (bytes: number) => `${Math.round(bytes / MIB)} MiB`
    t.ok(share <= 0.1, `${percent} % of a core`)
    t.ok(now <= 150 * MIB, `RSS ${mib(now)}`)
    t.equal(trackedFiles(await exporter.scrape()), FILES, 'all of them are followed')
    return `${percent} % of a core over ${OBSERVED_MS / 1000} s, RSS ${mib(now)}, peak ${mib(peak)}`
  },
)

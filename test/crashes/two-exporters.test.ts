import { until } from '../support/until.ts'
import { newLogs, startAndServe } from './support/experiment.ts'
import { killableExporter } from './support/exporter.ts'
import { faultTest } from './support/report.ts'
import { Restartable } from './support/restartable.ts'
import { randomness } from './support/seed.ts'
import { SteadyWriting } from './support/steady-writing.ts'

faultTest(
  {
    id: 'F-44',
    fault: 'a second exporter is started on the state of a running one',
    expected: 'the second ends with 2 within a second, the first is not disturbed',
  },
  false,
  async (t) => {
    const { logs, writer } = newLogs(t, randomness(t))
    const first = await killableExporter(t, { logs })
    const second = await killableExporter(t, { logs, storage: first.storage })
    await startAndServe(first)
    const writing = new SteadyWriting(t, writer, { packetsPerSecond: 800, streams: 1 })
    await first.untilPage('packets', (page) => (page.value('quic_packets_received_total') ?? 0) > 0)

    const nodeAloneMs = await timeToEnd(version(t, second.program))
    const seconds: number[] = []
    for (let i = 0; i < 3; i += 1) {
      second.program.start()
      const ms = await timeToEnd(second.program)
      seconds.push(Math.round(ms) / 1000)
      t.equal(await second.program.ended, 2, 'the second ends with 2')
      t.match(second.program.stderr, first.storage, 'and says which directory is taken')
      second.program.crashes.length = 0
      t.ok(ms - nodeAloneMs < 1000, `a second after Node has started at the latest (${ms} ms)`)
    }

    await first.untilPage('more packets', (page) => {
      const packets = page.value('quic_packets_received_total') ?? 0
      return packets >= writer.book.packets - 800 && packets > 800
    })
    t.equal(first.program.isRunning, true, 'the first goes on')
    await first.program.kill()
    second.program.start()
    writing.pause()
    const page = await second.untilPage(
      'all packets, once the first is dead',
      (page) => page.value('quic_packets_received_total') === writer.book.packets,
    )
    t.equal(page.value('quic_exporter_state_restored'), 1)
    return `the second ended with 2 after ${seconds.join(', ')} s, Node's own start included`
  },
)

/** The time that Node takes to start the same program and do nothing. */
function version(t: Parameters<Parameters<typeof faultTest>[2]>[0], { commandLine }: Restartable) {
  const [main = ''] = commandLine.args
  const program = new Restartable(t, { ...commandLine, args: [main, '--version'] })
  program.start()
  return program
}

async function timeToEnd(program: Restartable): Promise<number> {
  await until('its end', () => !program.isRunning, { withinMs: 15_000, everyMs: 2 })
  return performance.now() - program.startedAt
}

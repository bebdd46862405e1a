import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryDirectory } from '../../test/crashes/support/directory.ts'
import { Restartable } from '../../test/crashes/support/restartable.ts'
import type { Scope } from '../../test/crashes/support/scope.ts'
import { peer } from '../../test/live/peers.ts'
import { freePort } from '../../test/live/processes.ts'

/** The program that scripts/real-peers.sh unpacks. */
export const MTAIL = join(dirname(peer('prometheus')), 'mtail')

/** The counter of received packets that its program below keeps. */
export const MTAIL_COUNTER = 'packets_received'

const PROGRAM = `counter ${MTAIL_COUNTER}

/"name":"transport:packet_received"/ {
  ${MTAIL_COUNTER}++
}
`

/** mtail on a directory of logs, counting the received packets; not started yet. */
export async function mtailOn(scope: Scope, logs: string) {
  const programs = join(temporaryDirectory(scope), 'programs')
  mkdirSync(programs)
  writeFileSync(join(programs, 'count.mtail'), PROGRAM)
  const port = await freePort()
  const program = new Restartable(scope, {
    program: MTAIL,
    args: [
      ...['--progs', programs, '--logs', join(logs, '*.sqlog')],
      ...['--address', '127.0.0.1', '--port', `${port}`, '--logtostderr'],
    ],
  })
  return { program, address: `127.0.0.1:${port}` }
}

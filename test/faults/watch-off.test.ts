import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { start } from '../live/processes.ts'
import { fault } from './support/fault.ts'

/** Two at a time, each as long as the other. */
const SUITES = [['rotation'], ['truncation', 'symlinks-and-devices', 'identity']]

fault(
  {
    id: 'F-25',
    fault: `watching disabled: the suites ${SUITES.flat().join(', ')} once more`,
    expected: 'exact, same suite',
  },
  async (t) => {
    const runs = SUITES.map(async (names) => {
      let passed = 0
      for (const name of names) passed += await passedUnwatched(t, name)
      return passed
    })
    const passed = (await Promise.all(runs)).reduce((sum, count) => sum + count, 0)
    return `${passed} faults passed without watching`
  },
)

/** Runs one file of the suite; the number of its faults that passed. */
async function passedUnwatched(t: Test, name: string): Promise<number> {
  const path = fileURLToPath(new URL(`${name}.test.ts`, import.meta.url))
  const env = { FAULT_WATCH: 'off', TAP_TIMEOUT: '240', TMPDIR: tmpdir() }
  const running = start(t, { program: process.execPath, args: [path], env })
  // Its own children end with it only if it can say so to them.
  t.teardown(() => running.child.kill('SIGALRM'))
  const { code, stdout, stderr } = await running.ended
  t.equal(code, 0, `${name} without watching`)
  if (code !== 0) t.comment(`${stdout.slice(-4000)}${stderr.slice(-1000)}`)
  return stdout.match(/^ok \d+ - F-/gm)?.length ?? 0
}

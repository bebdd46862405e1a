import type { Test } from 'tap'
import { peer } from './peers.ts'
import { run } from './processes.ts'

/** What `promtool check metrics` has to say about a page: an empty string when it is content. */
export async function promtoolComplaints(t: Test, page: string): Promise<string> {
  const { code, stdout, stderr } = await run(t, {
    program: peer('promtool'),
    args: ['check', 'metrics'],
    input: page,
  })
  return code === 0 ? stdout + stderr : `exit code ${code}: ${stdout}${stderr}`
}

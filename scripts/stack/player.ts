/** Plays the recordings of the demo into a directory, over and over: `player.ts DIRECTORY`. */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { playLanes } from '../demo/lanes.ts'
import { PRODUCERS } from '../demo/producers.ts'
import { readRecordings } from '../demo/recordings.ts'

const [root] = process.argv.slice(2)
if (root === undefined) {
  console.error('usage: player.ts DIRECTORY')
  process.exit(2)
}
const directory = (source: string) => join(root, source)
// What a player that was killed left unfinished is nobody's any more.
for (const { source } of PRODUCERS) {
  await rm(directory(source), { recursive: true, force: true })
  await mkdir(directory(source))
}
const over = new AbortController()
process.once('SIGTERM', () => over.abort())
console.error(`plays into ${root}`)
await playLanes({ directory }, readRecordings(), 1, over.signal).catch((error) => {
  if (!over.signal.aborted) throw error
})

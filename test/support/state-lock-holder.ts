/** Tries for the lock of a directory, says how it went, and with `stay` lives on. */
import { writeSync } from 'node:fs'
import { lockState } from '../../exporter/state/state-lock.ts'

const [dir = '', stay] = process.argv.slice(2)
const { type } = await lockState(dir)
writeSync(1, `${type}\n`)
if (stay === 'stay') setInterval(() => {}, 60_000)

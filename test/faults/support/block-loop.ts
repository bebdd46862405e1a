import { existsSync } from 'node:fs'

// Loaded before the exporter: at SIGUSR2 the event loop does nothing while the file that BLOCK_WHILE
// names is there.

const path = process.env.BLOCK_WHILE ?? ''
const never = new Int32Array(new SharedArrayBuffer(4))

process.on('SIGUSR2', () => {
  process.stderr.write('blocked\n')
  while (existsSync(path)) Atomics.wait(never, 0, 0, 20)
})

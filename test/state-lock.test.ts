/** F-44: one writer for each state directory, and the next one at once after a kill. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { lockState } from '../exporter/state/state-lock.ts'

const HOLDER = new URL('support/state-lock-holder.ts', import.meta.url).pathname

/** A process that tries for the lock, and what it said first. */
async function holder(t: Test, dir: string, ...options: string[]) {
  const child = spawn(process.execPath, [HOLDER, dir, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(createInterface(child.stdout), 'line')
  return { child, said }
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

t.test('a second one is refused, however the directory is spelled', async (t) => {
  const base = t.testdir()
  const dir = join(base, 'state-dir')
  const lock = await lockState(dir)
  t.equal(lock.type, 'locked', 'the directory is made')
  symlinkSync(dir, join(base, 'link'))
  mkdirSync(join(base, 'other'))
  for (const spelling of [dir, `${dir}/`, join(base, 'link'), `${base}/other/../state-dir`])
    t.equal((await lockState(spelling)).type, 'taken', spelling)
  const other = await lockState(join(base, 'other'))
  t.equal(other.type, 'locked', 'another directory is free')
  if (lock.type === 'locked') await lock.release()
  const again = await lockState(dir)
  t.equal(again.type, 'locked', 'free after release')
  for (const held of [other, again]) if (held.type === 'locked') await held.release()
})

t.test('another process is refused; kill -9 frees the lock at once', async (t) => {
  const dir = t.testdir()
  for (let round = 0; round < 5; round++) {
    const { child, said } = await holder(t, dir, 'stay')
    t.equal(said, 'locked')
    t.equal((await lockState(dir)).type, 'taken')
    await kill(child)
    const lock = await lockState(dir)
    t.equal(lock.type, 'locked')
    t.equal((await holder(t, dir)).said, 'taken')
    if (lock.type === 'locked') await lock.release()
  }
})

t.test('the lock does not keep a process alive', async (t) => {
  const { child, said } = await holder(t, t.testdir())
  t.equal(said, 'locked')
  if (child.exitCode === null) await once(child, 'exit')
  t.equal(child.exitCode, 0)
})

t.test('who connects to the lock is put off at once', { skip: notLinux() }, async (t) => {
  const dir = t.testdir()
  const lock = await lockState(dir)
  const { dev, ino } = statSync(dir, { bigint: true })
  const socket = connect(`\0quic-lb-exporter-${dev}-${ino}`)
  const connected = new Promise((resolve) => socket.on('connect', resolve))
  // Put off before it could read, it may see a reset.
  const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve))
  socket.resume()
  await Promise.all([connected, closed])
  t.equal((await lockState(dir)).type, 'taken', 'still held')
  if (lock.type === 'locked') await lock.release()
})

t.test('a directory that cannot be made is an error', async (t) => {
  const dir = t.testdir({ file: '' })
  await t.rejects(lockState(join(dir, 'file', 'below')), { code: 'ENOTDIR' })
})

function notLinux(): string | false {
  return process.platform === 'linux' ? false : 'NOT TESTED: there are no abstract sockets here'
}

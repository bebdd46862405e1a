/** Writes a state of its own if it gets the lock, and says so. */
import { StateFile } from '../../exporter/state/state-file.ts'
import { lockState } from '../../exporter/state/state-lock.ts'

const [dir = ''] = process.argv.slice(2)
const lock = await lockState(dir)
if (lock.type === 'locked') {
  const file = new StateFile(dir, 'never', (error) => {
    throw error
  })
  await file.rewrite([].values())
  await file.commit(Buffer.from('the intruder'))
  await file.close()
}
process.stdout.write(lock.type === 'locked' ? 'locked and written' : 'taken')

/** Silent nothing: a path that is not there, a directory in which no log will be found. */
import { join } from 'node:path'
import t from 'tap'
import { configSchema } from '../exporter/config/schema.ts'
import type { LogFields } from '../exporter/logging.ts'
import { tellPaths } from '../exporter/source-notes.ts'

t.test('what is told of paths before anything is read', async (t) => {
  const root = t.testdir({ logs: { 'access.log': '' }, 'one.log': '' })
  const told = (source: object) => {
    const said: [string, unknown][] = []
    const warn = (message: string, fields: LogFields = {}) => said.push([message, fields.path])
    const nobody = () => t.fail('only warnings')
    const { sources } = configSchema.parse({ sources: [{ name: 'lb', ...source }] })
    for (const one of sources) tellPaths(one, { debug: nobody, info: nobody, error: nobody, warn })
    return said
  }
  const logs = join(root, 'logs')
  const gone = join(root, 'nowhere')
  const none = 'of a directory only qlog files would be read'
  t.same(told({ paths: [logs], dialect: 'caddy' }), [[none, logs]])
  t.same(told({ paths: [logs], dialect: 'caddy', include: ['*.log'] }), [])
  t.same(told({ paths: [logs] }), [], 'qlog is called so')
  t.same(told({ paths: [join(root, 'one.log')], dialect: 'caddy' }), [], 'a file that is named')
  t.same(told({ paths: [gone, logs] }), [['a path is not there yet', gone]])
})

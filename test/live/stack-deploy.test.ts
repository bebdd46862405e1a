/** What docs/deploy shows for a proxy, that proxy takes. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { blocksOf } from '../support/markdown.ts'
import { peer, skipWithout } from './peers.ts'
import { run } from './processes.ts'
import { makeCertificate, temporaryDirectory } from './workspace.ts'

/** The proxy's own block of its page, with folders of this machine and names known here. */
async function configurationOf(t: Test, name: string, language: string, tls: string) {
  const directory = await temporaryDirectory(t)
  const page = readFileSync(new URL(`../../docs/deploy/${name}.md`, import.meta.url), 'utf8')
  const block = blocksOf(page).find((one) => one.language === language)?.text ?? ''
  const { certificate, key } = await makeCertificate(t, directory)
  await writeFile(
    join(directory, 'both.pem'),
    readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'),
  )
  const text = block
    .replaceAll('/var/log/quic-lb', directory)
    .replaceAll(tls, directory)
    .replaceAll(/moodle-\d:8080/g, '127.0.0.1:8080')
  const file = join(directory, 'configuration')
  await writeFile(file, text)
  return { directory, file, text }
}

t.test('Caddy', { skip: skipWithout('caddy', 'openssl') }, async (t) => {
  const { directory, file } = await configurationOf(t, 'caddy', 'caddyfile', '/tls')
  const args = ['adapt', '--adapter', 'caddyfile', '--config', file, '--validate']
  const { code, stdout, stderr } = await run(t, {
    program: peer('caddy'),
    args,
    env: { HOME: directory },
  })
  t.equal(code, 0, { stderr })
  // Two loggers, the health checker's and that of the site, in one file.
  t.equal(stdout.split(`"filename":"${directory}/access.log"`).length, 3)
})

t.test('nginx', { skip: skipWithout('nginx', 'openssl') }, async (t) => {
  const { directory, file, text } = await configurationOf(t, 'nginx', 'nginx', '/etc/nginx/tls')
  // The temporary folders that were compiled in belong to an installed nginx.
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const folders = kinds.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join('\n')
  await writeFile(file, `pid ${directory}/pid;\n${text.replace('http {', `http {\n${folders}`)}`)
  const args = ['-t', '-p', directory, '-e', join(directory, 'error.log'), '-c', file]
  const { code, stderr } = await run(t, { program: peer('nginx'), args })
  t.equal(code, 0, { stderr })
  t.match(stderr, 'test is successful')
})

t.test('HAProxy', { skip: skipWithout('haproxy', 'openssl') }, async (t) => {
  const { file } = await configurationOf(t, 'haproxy', 'haproxy', '/usr/local/etc/haproxy/tls')
  const { code, stderr } = await run(t, { program: peer('haproxy'), args: ['-c', '-f', file] })
  t.equal(code, 0, { stderr })
  t.notMatch(stderr, /WARNING|ALERT/)
})

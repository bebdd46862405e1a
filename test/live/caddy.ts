import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peer } from './peers.ts'
import { freePort, type Owner, start, untilSaid } from './processes.ts'
import { makeCertificate, SERVER_NAME, temporaryDirectory } from './workspace.ts'

/** One request as Caddy saw it. */
export interface AccessLogEntry {
  readonly status: number
  readonly bytesSent: number
  readonly protocol: string
  /** Address and port of the client when it connected: one value per connection. */
  readonly client: string
}

/** A running Caddy that serves files over HTTP/3 and writes qlog. */
export interface Caddy {
  readonly port: number
  readonly qlogDirectory: string
  /** Caddy's own word on the requests it answered so far. */
  requests(): Promise<AccessLogEntry[]>
  stop(): Promise<unknown>
}

// Without both skip_install_trust and the pki block Caddy started as root puts a certificate
// authority of its own into the trust store of the machine.
const caddyfile = (port: number, directory: string) => `{
	admin off
	auto_https off
	skip_install_trust
	persist_config off
	pki {
		ca local {
			name "unused"
		}
	}
	servers {
		protocols h1 h2 h3
	}
}
https://${SERVER_NAME}:${port} {
	bind 127.0.0.1
	tls ${directory}/cert.pem ${directory}/key.pem
	log {
		output file ${directory}/access.log
		format json
	}
	root * ${directory}/www
	file_server
}
`

/** Starts Caddy with files `/NAME` of as many bytes as given by name. */
export async function startCaddy(
  t: Owner,
  files: Readonly<Record<string, number>>,
): Promise<Caddy> {
  const directory = await temporaryDirectory(t)
  const qlogDirectory = join(directory, 'qlog')
  const port = await freePort()
  await Promise.all([mkdir(qlogDirectory), mkdir(join(directory, 'www'))])
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(directory, 'www', name), Buffer.alloc(bytes, 'x'))
  }
  await makeCertificate(t, directory)
  await writeFile(join(directory, 'Caddyfile'), caddyfile(port, directory))
  const running = start(t, {
    program: peer('caddy'),
    args: ['run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
    cwd: directory,
    env: { HOME: directory, QLOGDIR: qlogDirectory },
  })
  await untilSaid(running, /serving initial configuration/)
  return {
    port,
    qlogDirectory,
    requests: async () => parseAccessLog(await readFile(join(directory, 'access.log'), 'utf8')),
    stop: running.stop,
  }
}

function parseAccessLog(text: string): AccessLogEntry[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ status, size, request }) => ({
      status,
      bytesSent: size,
      protocol: request.proto,
      client: `${request.remote_ip}:${request.remote_port}`,
    }))
}

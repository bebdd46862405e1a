import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { peer } from '../live/peers.ts'
import { type Ending, freePort, run, start as startProgram } from '../live/processes.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PROJECT = `quic-lb-test-${process.pid}`

/** What a tap test takes as `skip`: false where an engine answers, else a reason, also said out loud. */
export function skipWithoutEngine(): string | false {
  if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) return false
  const reason = 'NOT TESTED: the stack in containers; no Docker engine answers'
  console.error(`\n######## ${reason}\n`)
  return reason
}

/** A stack of its own: another project, and ports that were free. */
export interface Stack {
  readonly ports: Readonly<Record<'exporter' | 'prometheus' | 'balancer', number>>
  /** scripts/start-monitoring.sh with these arguments, within four minutes. */
  start(...args: string[]): Promise<Ending>
  docker(...args: string[]): Promise<string>
  /** Names of its containers. */
  containers(): Promise<string[]>
  /** The sum of what an expression yields in its Prometheus; undefined if that is nothing. */
  query(expression: string): Promise<number | undefined>
}

/** Prepares a stack; whatever runs of it at the end of the test is stopped and its data deleted. */
export async function makeStack(t: Test): Promise<Stack> {
  const ports = {
    exporter: await freePort(),
    prometheus: await freePort(),
    balancer: await freePort(),
  }
  const env = {
    ...dockerEnvironment(t),
    COMPOSE_PROJECT_NAME: PROJECT,
    EXPORTER_PORT: `${ports.exporter}`,
    PROMETHEUS_PORT: `${ports.prometheus}`,
    ALERTMANAGER_PORT: `${await freePort()}`,
    GRAFANA_PORT: `${await freePort()}`,
    LB_PORT: `${ports.balancer}`,
  }
  const script = join(ROOT, 'scripts/start-monitoring.sh')
  const start = (...args: string[]) => {
    const { child, ended } = startProgram(t, { program: 'bash', args: [script, ...args], env })
    const kill = setTimeout(() => child.kill('SIGKILL'), START_WITHIN_MS)
    return ended.finally(() => clearTimeout(kill))
  }
  const docker = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(t, { program: 'docker', args, env })
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }
  t.teardown(() => start('--down', '--volumes'))
  const containers = async () => {
    const filter = `label=com.docker.compose.project=${PROJECT}`
    const names = await docker('ps', '--all', '--filter', filter, '--format', '{{.Names}}')
    return names.split('\n').filter((name) => name !== '')
  }
  const query = async (expression: string) => {
    const query = encodeURIComponent(`sum(${expression})`)
    const url = `http://127.0.0.1:${ports.prometheus}/api/v1/query?query=${query}`
    const { data } = (await (await fetch(url)).json()) as Answer
    return data.result[0] && Number(data.result[0].value[1])
  }
  return { ports, start, docker, containers, query }
}

interface Answer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] }
}

const START_WITHIN_MS = 240_000

// The client's own plugins where it has compose, else the one that was unpacked.
function dockerEnvironment(t: Test): Readonly<Record<string, string>> {
  const { HOME = '', DOCKER_HOST, DOCKER_CONFIG } = process.env
  const own = { HOME, ...(DOCKER_HOST && { DOCKER_HOST }), ...(DOCKER_CONFIG && { DOCKER_CONFIG }) }
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0) return own
  const config = t.testdir({})
  mkdirSync(join(config, 'cli-plugins'))
  symlinkSync(peer('docker-compose'), join(config, 'cli-plugins', 'docker-compose'))
  return { ...own, DOCKER_CONFIG: config }
}

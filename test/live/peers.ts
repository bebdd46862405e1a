import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A program that scripts/real-peers.sh unpacks. */
export type Program =
  | 'amtool'
  | 'caddy'
  | 'curl'
  | 'docker-compose'
  | 'gtlsclient'
  | 'gtlsserver'
  | 'haproxy'
  | 'nginx'
  | 'openssl'
  | 'prometheus'
  | 'prometheus-alertmanager'
  | 'promtool'
  | 'shellcheck'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

/** The path of an unpacked program; `QUIC_PEERS` names another folder than `.peers`. */
export function peer(program: Program): string {
  return join(process.env.QUIC_PEERS ?? join(PROJECT, '.peers'), 'bin', program)
}

/** What a tap test takes as `skip`: false when all are there, else a reason, also said out loud. */
export function skipWithout(...programs: readonly Program[]): string | false {
  const missing = programs.filter((program) => !existsSync(peer(program)))
  if (missing.length === 0) return false
  const reason = `NOT TESTED: no ${missing.join(', ')} in ${join(peer('curl'), '../..')}; run scripts/real-peers.sh`
  console.error(`\n######## ${reason}\n`)
  return reason
}

/** The registry of request logs: one line registers a proxy. */
import type { LogDialect } from '../log-dialect.ts'
import { caddy } from './caddy.ts'
import { envoy } from './envoy.ts'
import { haproxy } from './haproxy.ts'
import { mapped } from './mapped.ts'
import { nginxJson } from './nginx-json.ts'
import { traefik } from './traefik.ts'

export const requestLogs: readonly LogDialect[] = [
  caddy,
  nginxJson,
  haproxy,
  envoy,
  traefik,
  mapped,
]

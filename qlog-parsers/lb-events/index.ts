/** The registry of balancers' event logs: one line registers a writer. */
import type { LogDialect } from '../log-dialect.ts'
import { h2olog } from './h2olog.ts'
import { lbEvents } from './lb-events.ts'
import { nginxErrorLog } from './nginx-error-log.ts'

export const balancerLogs: readonly LogDialect[] = [nginxErrorLog, lbEvents, h2olog]

/**
 * Which series a source has. A family exists for a source if its producers can tell what it needs; then
 * all its label values that they can write start at 0. Everything else is absent, and said to be.
 */
import type { Capabilities, Capability } from '../../qlog-parsers/index.ts'
import type { Family } from '../metrics/family.ts'
import type { MetricStore } from '../metrics/store.ts'
import { ERROR_CODES } from './errors.ts'

type Labels = Readonly<Record<string, string>>

/** What families need that is no capability of its own. */
const DERIVED_SIGNALS: Readonly<Record<string, Capability | undefined>> = {
  closeReason: 'connection',
  errorCode: 'packets',
  handshake: 'packets',
  endpoint: undefined,
  zeroRttRejected: undefined,
}

/** Families that a QUIC source may or may not be able to fill. */
export function signalFamilies(metrics: MetricStore): Family[] {
  return metrics.families.filter((family) => family.spec.signal !== undefined)
}

/** Whether producers with these capabilities can fill the family. */
export function canGive(family: Family, capabilities: Capabilities): boolean {
  const signal = family.spec.signal ?? ''
  const needed = signal in DERIVED_SIGNALS ? DERIVED_SIGNALS[signal] : (signal as Capability)
  return needed !== undefined && capabilities[needed] !== undefined
}

/** Creates, at 0, every series that the capabilities promise. */
export function openFamilies(
  metrics: MetricStore,
  source: number,
  capabilities: Capabilities,
): void {
  for (const family of signalFamilies(metrics)) {
    if (canGive(family, capabilities)) {
      family.open(source, (labels) => canWrite(family.spec.signal ?? '', labels, capabilities))
    }
  }
}

function canWrite(signal: string, labels: Labels, capabilities: Capabilities): boolean {
  switch (signal) {
    case 'loss':
      return includes(capabilities.loss, labels.trigger)
    case 'congestionStates':
      return labels.state === 'idle' || includes(capabilities.congestionStates, labels.state)
    case 'migrationKinds':
      return includes(capabilities.migrationKinds, labels.kind)
    case 'keyUpdates':
      return includes(capabilities.keyUpdates, labels.initiator)
    case 'errorCode':
      return includes(ERROR_CODES[labels.layer ?? ''], labels.code)
    case 'handshake':
      return labels.reason !== 'version' || includes(capabilities.closeTriggers, 'version_mismatch')
    case 'closeReason':
      return canClose(labels, capabilities)
    default:
      return true
  }
}

function canClose(labels: Labels, capabilities: Capabilities): boolean {
  const { reason = '', initiator } = labels
  const byError = reason === 'no_error' || reason.endsWith('_error')
  if (byError) return initiator !== 'unknown'
  if (initiator !== 'unknown') return false
  if (reason === 'expired' || reason === 'evicted' || reason === 'unknown') return true
  return includes(capabilities.closeTriggers, reason)
}

/** A label that the family does not have is no restriction. */
function includes(values: readonly string[] | undefined, value: string | undefined): boolean {
  return value === undefined || values?.includes(value) === true
}

/**
 * Which series a source has. A family exists for a source if its producers can tell what it needs; then
 * all its label values that they can write start at 0. Everything else is absent, and said to be.
 */
import type { Capabilities, Capability } from '../../qlog-parsers/index.ts'
import type { Family } from '../metrics/family.ts'
import type { MetricStore } from '../metrics/store.ts'
import { ERROR_CODES } from './errors.ts'

type Labels = Readonly<Record<string, string>>

/** What families need under another name, or that needs more than one thing. */
const DERIVED_SIGNALS: Readonly<Record<string, readonly Capability[]>> = {
  closeReason: ['connection'],
  errorCode: ['errorCodes'],
  // Who never says how a connection ends cannot say either that it died.
  vanished: ['bytesInFlight', 'errorCodes'],
  bandwidth: ['rtt', 'congestionWindow'],
}

/** Families that a QUIC source may or may not be able to fill. */
export function signalFamilies(metrics: MetricStore): Family[] {
  return metrics.families.filter((family) => family.spec.signal !== undefined)
}

/** Whether producers with these capabilities can fill the family. */
export function canGive(family: Family, capabilities: Capabilities): boolean {
  const signal = family.spec.signal ?? ''
  // Packets that are seen one by one can be counted too.
  if (signal === 'sentPackets' && capabilities.packets !== undefined) return true
  if (signal === 'handshakeFailures' && capabilities.handshake !== undefined) return true
  const needed = DERIVED_SIGNALS[signal] ?? [signal as Capability]
  return needed.every((capability) => capabilities[capability] !== undefined)
}

/** Creates, at 0, every series that the capabilities promise. */
export function openFamilies(
  metrics: MetricStore,
  source: number,
  capabilities: Capabilities,
): void {
  for (const family of signalFamilies(metrics)) {
    if (family.spec.absentUntilSet !== true && canGive(family, capabilities)) {
      family.open(source, (labels) => canWrite(family.spec.signal ?? '', labels, capabilities))
    }
  }
}

function canWrite(signal: string, labels: Labels, capabilities: Capabilities): boolean {
  const { protocols, codes } = capabilities
  if (protocols !== undefined && !includes(protocols, labels.protocol)) return false
  switch (signal) {
    case 'requests':
      return codes === undefined || includes(codes, labels.code)
    case 'loss':
      return includes(capabilities.loss, labels.trigger)
    case 'sentPackets':
      return (
        capabilities.packets !== undefined || includes(capabilities.sentPackets, labels.packet_type)
      )
    case 'congestionStates':
      return labels.state === 'idle' || includes(capabilities.congestionStates, labels.state)
    case 'migrationKinds':
    case 'migrationFailures':
      return includes(capabilities.migrationKinds, labels.kind)
    case 'keyUpdates':
      return includes(capabilities.keyUpdates, labels.initiator)
    case 'aborts':
      return includes(capabilities.aborts, labels.initiator)
    case 'breakerTransitions':
      return includes(capabilities.breakerTransitions, labels.state)
    case 'errorCode':
      return includes(ERROR_CODES[labels.layer ?? ''], labels.code)
    case 'handshakeFailures':
      if (capabilities.handshake === undefined) return labels.reason === 'other'
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
  if (byError) return initiator !== 'unknown' && capabilities.errorCodes !== undefined
  if (initiator !== 'unknown') return false
  if (reason === 'expired' || reason === 'evicted' || reason === 'unknown') return true
  return includes(capabilities.closeTriggers, reason)
}

/** A label that the family does not have is no restriction. */
function includes(values: readonly string[] | undefined, value: string | undefined): boolean {
  return value === undefined || values?.includes(value) === true
}

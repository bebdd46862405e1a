/** Addresses that a name may not lead to: no backend is there, but a name server could point at it (DNS rebinding). */
import { BlockList, isIP } from 'node:net'

const NEVER = new BlockList()
// "This network" and the unspecified address: a connection would end at ourselves (RFC 1122 §3.2.1.3).
NEVER.addSubnet('0.0.0.0', 8, 'ipv4')
// Link-local, where clouds keep the credentials of the machine (RFC 3927).
NEVER.addSubnet('169.254.0.0', 16, 'ipv4')
// Multicast and broadcast (RFC 5771, RFC 919).
NEVER.addSubnet('224.0.0.0', 4, 'ipv4')
NEVER.addAddress('255.255.255.255', 'ipv4')
NEVER.addAddress('::', 'ipv6')
// Link-local (RFC 4291 §2.5.6); without a zone it leads nowhere anyway.
NEVER.addSubnet('fe80::', 10, 'ipv6')
NEVER.addSubnet('ff00::', 8, 'ipv6')
// What 169.254.0.0/16 is behind NAT64 (RFC 6052 §2.1).
NEVER.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6')
// The metadata service of AWS over IPv6.
NEVER.addAddress('fd00:ec2::254', 'ipv6')

/** Whether an address that a name was resolved to may be connected to. */
export function canBeBackend(address: string): boolean {
  const version = isIP(address)
  // IPv4-mapped addresses are checked as the IPv4 addresses that they are.
  return version !== 0 && !NEVER.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

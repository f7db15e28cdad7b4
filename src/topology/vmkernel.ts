/**
 * The NICs of a type-1 host itself (ESXi's VMkernel adapters): each is a VM with this one vNIC (vnic.ts), so that no switch knows of them.
 * Two of them are two guests, and nothing is routed between them. They are always there.
 */
import type { World } from './ports.ts';

/** Whether `esx1/vmk0` is one. */
export function isVmkernel(name: string, { hosts }: Pick<World, 'hosts'>): boolean {
  return hosts.some((host) => host.vms.some((vm) => vm.vmkernel === true && `${host.name}/${vm.name}` === name));
}

export function whyItStays(name: string): string {
  return `${name} is a NIC of the host itself, which neither comes nor goes; name a VM`;
}

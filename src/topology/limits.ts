/** Largest topology that is accepted: far above a lesson or a bench, and small enough to be planned in one memory. */
export const limits = {
  fileBytes: 16 * 1024 * 1024,
  hosts: 4_096,
  nics: 20_000,
  physicalSwitches: 4_096,
  /** vNICs and uplinks of a vSwitch, or ports of a physical switch. */
  portsPerSwitch: 2_000,
  uplinksPerVSwitch: 64,
  /** Ports of all physical switches. */
  physicalPorts: 65_536,
  streams: 100_000,
  pings: 10_000,
  events: 10_000,
} as const;

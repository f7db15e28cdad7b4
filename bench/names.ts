/** The benches of the canonical set, in the order in which `npm run bench` runs them. */
export const BENCHES = [
  'peers',
  'policy',
  'watch',
  'copy',
  'hosts',
  'virtual',
  'start',
  'idle',
  'footprint',
  'vnics',
  'table',
  'scaling',
  'snapshot',
  'read',
  'capture',
  'micro',
];

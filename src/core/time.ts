/** The wall clock of whoever runs this instance: ns since the network's start. Costs a call out of the core: for single frames only. */
// @ts-ignore: decorator
@external("env", "now")
export declare function now(): u64;

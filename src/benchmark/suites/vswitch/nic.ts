/** Para-virtual against emulated NICs. */
import type { SuiteTest } from '../../suite.ts';
import { Draft } from '../draft.ts';

export const nicTraps: SuiteTest = {
  id: 'vswitch.nic',
  title: 'Traps and doorbells: para-virtual against emulated NIC',
  source: null,
  run() {
    const draft = new Draft(
      'Doorbells and register accesses for each frame, by load and by batch, of a ring NIC with notifications suppressed and of a register-level NIC.',
    );
    return Promise.resolve(
      draft.notApplicable(
        'a vNIC is a pair of rings in memory that the switch polls: there is neither a doorbell nor a register that a guest could write, so nothing can be counted; a count derived from loads would be a model, not a measurement',
      ),
    );
  },
};

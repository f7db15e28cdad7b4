/**
 * What does a careful configuration cost? The canonical load of core.ts with nothing configured, and in turns with it on a
 * vSwitch with VLANs, two uplinks in a team, port security, static-address protection, BPDU guard and storm control:
 *
 *     access   access ports of a VLAN, uplinks that carry it tagged
 *     outside  the same, and one frame in four goes out by its sender's uplink, which adds the tag
 *     trunk    the guests tag their own frames
 *     shaped   nothing but shapers both ways, which never have to wait
 *     guarded  DHCP guard and router guard at every port
 *     suppressing  ARP and ND suppression
 *
 *     npx tsx bench/policy.ts [--repeats 5] [--seconds 1]
 *
 * A ratio is that of neighbours in time, so that what else the machine does meanwhile touches both.
 */
import { runBench } from './child.ts';
import { digits, type Figure, figure, type Line, median, print } from './line.ts';
import { options } from './options.ts';

const settings = options({ repeats: 5, seconds: 1 }, { repeats: 1, seconds: 0.05 });
const policies = ['access', 'outside', 'trunk', 'shaped', 'guarded', 'suppressing'];
const WANTED: Readonly<Record<string, number>> = { access: 0.75, outside: 0.75, trunk: 0.75, shaped: 0.9 };

const lines = Array.from({ length: settings.repeats }, () =>
  ['plain', ...policies].map((policy) => runBench('core.ts', '--seconds', settings.seconds, '--policy', policy)),
);
/** By CPU time: what another program takes of the core is not the configuration's doing. */
const rate = ({ figures }: Line): number => figures[1]!.median;
const plain = lines.map(([first]) => rate(first!));

function figureOf(policy: string, place: number): Figure {
  const rates = lines.map((turn) => rate(turn[place]!));
  const ratio = digits(median(rates.map((each, i) => each / plain[i]!)));
  const value = WANTED[policy];
  const target = value === undefined ? {} : { target: { of: 'ratio', sign: '>=', value } as const };
  return figure(`known unicast, ${policy}`, 'Mframes/s', rates, { ratio, ratioTo: 'plain', ...target });
}

const all = lines.flat();
print({
  bench: 'policy',
  settings,
  figures: [
    figure('known unicast, plain', 'Mframes/s', plain),
    ...policies.map((policy, i) => figureOf(policy, i + 1)),
  ],
  balanced: all.every(({ balanced }) => balanced),
  drops: Object.assign({}, ...all.map(({ drops }) => drops)),
  checksum: lines[0]!.map(({ checksum }) => checksum).join(', '),
});

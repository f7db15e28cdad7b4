/**
 * What does it cost to be watched? The canonical load of core.ts with nothing configured, and in turns with it on a vSwitch with
 *
 *     mirrorOff  a mirror of all ports that is switched off
 *     mirrorOne  a mirror of what comes in by one of the eight ports
 *     mirrorOut  a mirror of what leaves one of them
 *     mirrorAll  a mirror of what comes in by any port: two frames are delivered for one
 *     flows      flow records of all frames, of 4,096 flows
 *
 *     npx tsx bench/watch.ts [--repeats 5] [--seconds 1]
 *
 * A ratio is that of neighbours in time, as in policy.ts.
 */
import { runBench } from './child.ts';
import { digits, type Figure, figure, type Line, median, print } from './line.ts';
import { options } from './options.ts';

const settings = options({ repeats: 5, seconds: 1 }, { repeats: 1, seconds: 0.05 });
const watches = ['mirrorOff', 'mirrorOne', 'mirrorOut', 'mirrorAll', 'flows'];
/** Of these only: what else it costs is for who wants it to judge. */
const wanted: Readonly<Record<string, number>> = { mirrorOff: 0.9 };

const lines = Array.from({ length: settings.repeats }, () =>
  ['plain', ...watches].map((policy) => runBench('core.ts', '--seconds', settings.seconds, '--policy', policy)),
);
/** By CPU time: what another program takes of the core is not the mirror's doing. */
const rate = ({ figures }: Line): number => figures[1]!.median;
const plain = lines.map(([first]) => rate(first!));

function figureOf(watch: string, place: number): Figure {
  const rates = lines.map((turn) => rate(turn[place]!));
  const ratio = digits(median(rates.map((each, i) => each / plain[i]!)));
  const value = wanted[watch];
  const target = value === undefined ? {} : { target: { of: 'ratio', sign: '>=', value } as const };
  return figure(`known unicast, ${watch}`, 'Mframes/s', rates, { ratio, ratioTo: 'plain', ...target });
}

const all = lines.flat();
print({
  bench: 'watch',
  settings,
  figures: [figure('known unicast, plain', 'Mframes/s', plain), ...watches.map((watch, i) => figureOf(watch, i + 1))],
  balanced: all.every(({ balanced }) => balanced),
  drops: Object.assign({}, ...all.map(({ drops }) => drops)),
  checksum: lines[0]!.map(({ checksum }) => checksum).join(', '),
});

/**
 * What does each part cost, in nanoseconds a frame? One suite for each file of micro/, in a process of its own, since
 * what one suite compiled would favour or burden the next.
 *
 *     npx tsx bench/micro.ts [--suite fdb]
 */
import { runBench } from './child.ts';
import { print } from './line.ts';
import { options } from './options.ts';

const SUITES = [
  'ring',
  'classify',
  'fdb',
  'evict',
  'guard',
  'team',
  'flood',
  'path',
  'inject',
  'vlan',
  'capture',
  'pcapng',
];
const settings = options({ suite: 'all' });
const chosen = SUITES.filter((name) => settings.suite === 'all' || settings.suite === name);
if (chosen.length === 0) throw new Error(`no suite ${settings.suite}; there are ${SUITES.join(', ')}`);

const suites = chosen.map((name) => ({ name, line: runBench(`micro/${name}.ts`) }));
print({
  bench: 'micro',
  settings,
  figures: suites.flatMap(({ name, line }) => line.figures.map((each) => ({ ...each, case: `${name}: ${each.case}` }))),
  balanced: suites.every(({ line }) => line.balanced),
  drops: Object.assign({}, ...suites.map(({ line }) => line.drops)),
  checksum: suites.map(({ name, line }) => `${name} ${line.checksum}`).join(', '),
});

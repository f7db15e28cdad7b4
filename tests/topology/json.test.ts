/** A file named .json is held to JSON, with the place of the mistake; YAML would take more. */
import { expect, it } from 'vitest';
import { parseTopology } from '../../src/topology/load.ts';

it.each([
  ['{"hosts":{"a":}}\n', '1:15', '"}" cannot stand here'],
  ['{hosts: {}}', '1:2', '"h" cannot stand here'],
  ['{"hosts":\n {"a": {},}}', '2:11', '"}" cannot stand here'],
  ['{"a": "x\n"}', '1:9', '"\\n" cannot stand here'],
  ['{"hosts":{}\n', '1:12', 'it ends too early'],
  ['[1,2', '1:4', 'it ends too early'],
])('%j is refused at %s: %s', (text, place, what) => {
  expect(() => parseTopology(text, 'lab.json')).toThrow(
    `lab.json:${place}: this is not JSON: ${what}; mend it, or name the file .yaml`,
  );
});

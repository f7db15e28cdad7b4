/** Everything that is wrong with what a user gives: one line each that says so, and the exit code 2. */
import { mkdirSync } from 'node:fs';
import { describe, it } from 'vitest';
import { frame, LAB, pcap, VM1, VM2, withCapture, write } from './lab.ts';
import { expectOneLine, folder, vswitch } from './vswitch.ts';

/** A folder with one of everything that can be named by mistake. */
function mess(): string {
  const cwd = folder();
  write(cwd, 'lab.yaml', LAB);
  write(cwd, 'broken.yaml', 'hosts:\n  a: [1,\n');
  write(cwd, 'unknown.yaml', 'name: x\nhosst: {}\n');
  write(cwd, 'empty', '');
  write(cwd, 'binary.yaml', Uint8Array.of(0x80, 0xff));
  write(cwd, 'escape.yaml', '"\\e[2Jx": {}\n');
  write(cwd, 'no-folder.yaml', withCapture('no/such/x.pcapng'));
  write(cwd, 'on-folder.yaml', withCapture('folder'));
  write(cwd, 'in-file.yaml', withCapture('empty/x.pcapng'));
  write(cwd, 'note.txt', 'no capture at all\n');
  write(cwd, 'other.json', '{"switches":[{}]}');
  pcap(cwd, 'none.pcap', []);
  pcap(cwd, 'in.pcap', [[0, frame(VM2, VM1)]]);
  mkdirSync(`${cwd}/folder`);
  return cwd;
}

const RUN = 'run lab.yaml -d 100ms';
const REPLAY = 'replay lab.yaml --out out';
const EXPLAIN = 'explain lab.yaml --port esx1/vm1';
const TIME = /expected a time such as 10s, 500ms or 2us/;
const WORKERS = /--workers.*: expected a whole number from 1 to 64/;
const NO_CAPTURE = /neither hex digits, two for each octet, nor a capture file that exists/;

/** Words are separated by single spaces; `''` is an empty one. */
const REFUSALS: readonly (readonly [words: string, says: RegExp])[] = [
  ['runn', /unknown command 'runn'; did you mean run\? \(vswitch --help tells more\)/],
  ['run --durtion 1s', /unknown option '--durtion'; did you mean --duration\? \(vswitch run --help tells more\)/],
  ['check', /missing required argument 'topology'/],
  ['run lab.yaml lab.yaml', /too many arguments/],
  ['check broken.yaml', /^vswitch: broken\.yaml:3:1: not YAML/],
  ['check unknown.yaml', /^vswitch: unknown\.yaml:2:1: hosst: unknown key hosst; did you mean hosts\?/],
  ['check missing.yaml', /missing\.yaml: no such file/],
  ['run folder', /folder: is a directory/],
  ['check binary.yaml', /not UTF-8/],
  ['check empty', /the file is empty/],
  ['check escape.yaml', /^[^\x00-\x1f]*unknown key[^\x00-\x1f]*$/],
  ['run no-folder.yaml -d 100ms', /no\/such\/x\.pcapng: no such directory; give another path/],
  ['run on-folder.yaml -d 100ms', /folder: that is a directory; give another path/],
  ['run in-file.yaml -d 100ms', /empty\/x\.pcapng: a part of the path is no directory/],
  ['run lab.yaml -d abc', TIME],
  ['run lab.yaml -d -1', TIME],
  ["run lab.yaml -d ''", TIME],
  ['run lab.yaml -d 1.2.3', TIME],
  [`${RUN} -w 0`, WORKERS],
  [`${RUN} -w 1.5`, WORKERS],
  [`${RUN} -w ''`, WORKERS],
  [`${RUN} --clock foo`, /--clock foo: expected one of wall, virtual/],
  ['run lab.yaml --clock virtual -d 0', /simulated time needs an end/],
  ['run lab.yaml --clock virtual -d 1300h', /no further than 52 days/],
  [`${RUN} --report folder`, /folder: that is a directory; give another path for the report/],
  [`${RUN} --report empty/report.json`, /empty: that is no folder; give another path for the report/],
  [`${RUN} --report lab.yaml`, /would overwrite the topology/],
  ['replay lab.yaml --in esx1/vm1=in.pcap', /required option '--out <folder>' not specified/],
  [REPLAY, /required option '-i, --in <port=file>' not specified/],
  [`${REPLAY} --in esx1/vm1`, /--in esx1\/vm1: expected PORT=FILE/],
  [`${REPLAY} --in esx1/vm1=`, /expected PORT=FILE/],
  [`${REPLAY} --in esx1/vn1=in.pcap`, /unknown port esx1\/vn1; did you mean vm1\?/],
  [`${REPLAY} --in esx9/vm1=in.pcap --in esx9/vm1=in.pcap`, /unknown host or switch esx9/],
  [`${REPLAY} --in vm1=in.pcap`, /vm1 is not a port; write owner\/port/],
  [`${REPLAY} --in esx1/vm1=missing.pcap`, /missing\.pcap: .*no such file/],
  [`${REPLAY} --in esx1/vm1=folder`, /folder: .*this is a directory/],
  [`${REPLAY} --in esx1/vm1=empty`, /empty: .*the file is empty/],
  [`${REPLAY} --in esx1/vm1=note.txt`, /neither pcap nor pcapng/],
  [`${REPLAY} --in esx1/vm1=in.pcap --age 0`, /--age 0: expected a time from 1s/],
  ['replay lab.yaml --in esx1/vm1=in.pcap --out note.txt', /note\.txt: that is no folder; give another folder/],
  ['replay lab.yaml --in esx1/vm1=in.pcap --out /proc/none', /\/proc\/none: no such directory; give another folder/],
  [`${EXPLAIN} --frame abc`, /"abc": 3 hex digits are no whole octets/],
  [`${EXPLAIN} --frame zz`, NO_CAPTURE],
  [`${EXPLAIN} --frame ''`, NO_CAPTURE],
  [`${EXPLAIN} --frame note.txt`, /neither pcap nor pcapng/],
  [`${EXPLAIN} --frame none.pcap`, /none\.pcap: holds no frame/],
  [EXPLAIN, /required option '-f, --frame <hex\|file>' not specified/],
  ['explain lab.yaml --port esx1/vmx --frame ff', /unknown port esx1\/vmx; did you mean vm1\?/],
  ['ports missing.json', /missing\.json: no such file/],
  ['ports folder', /folder: that is a directory/],
  ['ports other.json', /other\.json: not a report/],
  ['mac-table lab.yaml', /lab\.yaml: not a report/],
];

describe.concurrent('refused in one line', () => {
  for (const [words, says] of REFUSALS) {
    it(`vswitch ${words}`, async () => {
      const args = words.split(' ').map((word) => (word === "''" ? '' : word));
      expectOneLine(await vswitch(args, { cwd: mess() }), 2, says);
    });
  }
});

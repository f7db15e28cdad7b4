/** Captures that the command line asks for: to files, to the standard output and to named pipes. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, createReadStream, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCapture, readCaptureBytes } from '../../src/capture/read.ts';
import { LAB, TRAFFIC, write } from './lab.ts';
import { expectOneLine, folder, start, vswitch } from './vswitch.ts';

const RUN = ['run', 'lab.yaml', '--clock', 'virtual', '-d', '100ms', '--quiet'];

function lab(): string {
  const cwd = folder();
  write(cwd, 'lab.yaml', `${LAB}${TRAFFIC}`);
  return cwd;
}

/** All that a process writes to its standard output, as it is. */
async function output(args: readonly string[], cwd: string) {
  const { child, ended } = start(args, { cwd });
  const pieces: Buffer[] = [];
  child.stdout!.on('data', (piece: Buffer) => pieces.push(piece));
  const { code, stderr } = await ended;
  return { code, stderr, bytes: Buffer.concat(pieces) };
}

describe.concurrent('vswitch run --capture', () => {
  it('writes the ports and frames that are asked for beside the captures of the topology', async () => {
    const cwd = lab();
    const more = ['--capture-ports', 'esx1/vm1,esx1/vm2', '--direction', 'in', '--snap', '32', '--limit', 'frames=20'];
    const ended = await vswitch([...RUN, '--capture', 'some.pcapng', ...more], { cwd });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const frames = [...readCapture(join(cwd, 'some.pcapng'))];
    expect(frames).toHaveLength(20);
    expect(frames.every(({ direction, bytes }) => direction === 'in' && bytes.length === 32)).toBe(true);
    expect(new Set(frames.map((frame) => frame.interface.name))).toEqual(new Set(['esx1/vm1', 'esx1/vm2']));
  });

  it('begins new files, and tells how many there are', async () => {
    const cwd = lab();
    const ended = await vswitch([...RUN, '--capture', 'r.pcap', '--rotate', 'frames=100,keep=2'], { cwd });
    expect(ended.code).toBe(0);
    const files = readdirSync(cwd).filter((name) => name.startsWith('r_'));
    expect(files).toHaveLength(2);
    expect(ended.stdout).toContain(`capture r.pcap  2 files to ${files.at(-1)}, `);
  });

  it.each(['virtual', 'wall'])(
    'gives nothing but the capture to the standard output on the %s clock',
    async (clock) => {
      const cwd = lab();
      const { code, stderr, bytes } = await output(
        ['run', 'lab.yaml', '--clock', clock, '-d', '500ms', '--capture', '-'],
        cwd,
      );
      expect(code).toBe(0);
      expect(stderr).toMatch(/^capture standard output {2}[\d,]+ frames/m);
      expect([...readCaptureBytes('-', bytes)].length).toBeGreaterThan(100);
    },
  );

  it('writes to a file that the shell has opened', async () => {
    const cwd = lab();
    const through = ['bash', '-c', 'exec "$0" "$@" > out.pcapng'];
    expect((await vswitch([...RUN, '--capture', '-'], { cwd, through })).code).toBe(0);
    expect([...readCapture(join(cwd, 'out.pcapng'))].length).toBeGreaterThan(100);
  });

  it('ends with the program that it pipes to, in one line', async () => {
    const cwd = lab();
    const { child, ended } = start(['run', 'lab.yaml', '-d', '50s', '--quiet', '--capture', '-'], { cwd });
    child.stdout!.once('data', () => child.stdout!.destroy());
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr.split('\n').filter((line) => line.startsWith('vswitch: '))).toEqual([
      expect.stringMatching(/^vswitch: standard output: the reader has closed the pipe; the capture ends there/),
    ]);
  });

  it('waits on the virtual clock for who reads a named pipe', async () => {
    const cwd = lab();
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
    const { ended } = start([...RUN, '--capture', 'pipe'], { cwd });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const pieces: Buffer[] = [];
    for await (const piece of createReadStream(join(cwd, 'pipe'))) pieces.push(piece as Buffer);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    writeFileSync(join(cwd, 'read.pcapng'), Buffer.concat(pieces));
    expect([...readCapture(join(cwd, 'read.pcapng'))].length).toBeGreaterThan(100);
  });

  it('waits for a reader that pauses, says so, and goes on with it or ends when asked to', async () => {
    const runs = ['goes on', 'ends'].map(async (name) => {
      const cwd = lab();
      const busy = TRAFFIC.replace('2000pps', '200kpps').replace('size: 128', 'size: 1518');
      writeFileSync(join(cwd, 'lab.yaml'), `${LAB}${busy}`);
      const pipe = join(cwd, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
      const args = ['run', 'lab.yaml', '-d', '100ms', '--clock', 'virtual', '--quiet', '--capture', 'pipe'];
      const { child, ended } = start(args, { cwd });
      let said = '';
      await new Promise<void>((resolve) => {
        child.stderr!.on('data', (text) => {
          said += text;
          if (said.includes('waits for whoever reads a capture')) resolve();
        });
        child.on('close', () => resolve());
      });
      if (name === 'ends') {
        child.kill('SIGINT');
        expectOneLine(await ended, 1, /pipe: the reader takes no more from the pipe; the capture ends there/);
      } else {
        const read = spawn('cat', [pipe], { stdio: ['ignore', 'ignore', 'inherit'] });
        expect((await ended).code).toBe(0);
        read.kill();
      }
      closeSync(reader);
      expect((await ended).stdout).toMatch(/^ledger .* balanced$/m);
      expect((await ended).stderr.match(/waits for whoever reads/g)).toHaveLength(1);
    });
    await Promise.all(runs);
  });

  it('says of a named pipe that nobody has read it', async () => {
    const cwd = lab();
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
    const args = ['run', 'lab.yaml', '-d', '100ms', '--quiet', '--capture', 'pipe'];
    const said = /pipe: nobody reads from the pipe; nobody has read anything of the capture$/;
    expectOneLine(await vswitch(args, { cwd }), 1, said);
  });

  it.each([
    ['--snap 3', /--snap is for --capture FILE; name the file to write/],
    ['--capture x --snap many', /--snap: many is not a whole number/],
    ['--capture x --rotate size', /--rotate.*: expected KEY=VALUE/],
    ['--capture x --rotate size=0', /--rotate size: 0 is not a size/],
    ['--capture x --rotate colour=red', /--rotate colour: unknown key colour/],
    ['--capture x --capture-ports esx9/*', /--capture-ports: esx9\/\* matches no port/],
    ['--capture x --capture-filter arpp', /--capture-filter: .*arpp/],
    ['--capture - --json', /--json and a capture to the standard output go to one place/],
    ['--capture - --rotate frames=3', /--capture: the standard output cannot begin another file/],
    ['--capture x.pcap --stages inside', /--stages: a classic pcap has no interfaces to tell stages by/],
    ['--capture none/x', /none\/x: no such directory; give another path/],
  ])('%s is refused before anything runs', async (words, says) => {
    expectOneLine(await vswitch([...RUN, ...words.split(' ')], { cwd: lab() }), 2, says);
  });
});

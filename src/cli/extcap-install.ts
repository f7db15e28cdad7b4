/** `vswitch extcap --install`: a wrapper that Wireshark calls, the profile and its Lua, each where Wireshark looks for it. */
import { copyFileSync, existsSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execArgv, execPath, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { AttachError } from '../attach/message.ts';
import { reason } from '../engine/drain.ts';
import { ALL_PORTS, CONFIG_LINES, DLT_LINES, PORTS_LINE } from './extcap-words.ts';
import { makeFolder } from './output.ts';
import { PROFILE_NAME, PROFILE_SOURCE, type WiresharkFolders, wiresharkFolders } from './wireshark-folders.ts';

const isWindows = process.platform === 'win32';
const WRAPPER = isWindows ? 'vswitch-extcap.bat' : 'vswitch-extcap';
const LUA = 'vswitch.lua';
const PROFILE_FILES = ['preferences', 'colorfilters', 'dfilter_buttons'];
const EXECUTABLE = 0o755;

export async function install(): Promise<number> {
  const folders = await wiresharkFolders();
  const { luaPlugins, extcap } = folders;
  const profile = profileFolder(folders);
  // The wrapper last: its folder is the one that may be somebody else's.
  for (const name of PROFILE_FILES) put(profile, name, (path) => copyFileSync(new URL(name, PROFILE_SOURCE), path));
  put(luaPlugins, LUA, (path) => copyFileSync(new URL(LUA, PROFILE_SOURCE), path));
  tellDone(`profile   ${profile}`, `Lua       ${join(luaPlugins, LUA)}`);
  put(extcap, WRAPPER, (path) => writeFileSync(path, wrapper(), { mode: EXECUTABLE }), EXTCAP_REMEDY);
  tellDone(`extcap    ${join(extcap, WRAPPER)}`, '', DONE);
  return 0;
}

const DONE = `Wireshark lists the ports of running networks from its next start (or by Capture, Refresh Interfaces); choose the profile by Edit, Configuration Profiles, or wireshark -C ${PROFILE_NAME}.`;
const EXTCAP_REMEDY =
  'Wireshark before 4.2 has one folder for all users: run this as its owner, or set WIRESHARK_EXTCAP_DIR to a folder of yours, for this command and for Wireshark';

export async function uninstall(): Promise<number> {
  const folders = await wiresharkFolders();
  const profile = profileFolder(folders);
  const paths = [
    join(folders.extcap, WRAPPER),
    join(folders.luaPlugins, LUA),
    ...PROFILE_FILES.map((name) => join(profile, name)),
  ];
  for (const path of paths.filter((each) => existsSync(each))) {
    tried(path, 'remove it by hand', () => rmSync(path));
    tellDone(`removed   ${path}`);
  }
  try {
    rmdirSync(profile);
  } catch {
    // It was not there, or the user has put something there that stays.
  }
  return 0;
}

function profileFolder({ configuration }: WiresharkFolders): string {
  return join(configuration, 'profiles', PROFILE_NAME);
}

function put(folder: string, name: string, write: (path: string) => void, remedy = 'make it writable'): void {
  makeFolder(folder, remedy);
  const path = join(folder, name);
  tried(path, remedy, () => write(path));
}

function tried(path: string, remedy: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw new AttachError(`${path}: ${reason(error)}; ${remedy}`);
  }
}

function tellDone(...lines: readonly string[]): void {
  stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Calls the program as this call came in: with the same Node, and with tsx where it is a checkout. */
function wrapper(): string {
  const main = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url));
  const words = [execPath, ...execArgv, main, 'extcap'];
  if (isWindows) return `@echo off\r\n${words.map((word) => `"${word}"`).join(' ')} %*\r\n`;
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return `#!/bin/sh
# The ports of running vSwitch networks in Wireshark; written by vswitch extcap --install.
# Wireshark asks for the options of every interface at its start: they are the same, and told from here.
case " $* " in
*' --capture '*) ;;
*' --extcap-dlts '*)
${told(DLT_LINES)}
  exit ;;
*' --extcap-config '*)
${told(CONFIG_LINES)}
  case " $* " in *':${ALL_PORTS} '*)
${told([PORTS_LINE])}
  esac
  exit ;;
esac
exec ${quoted} "$@"
`;
}

function told(lines: readonly string[]): string {
  return ["cat <<'END'", ...lines, 'END'].join('\n');
}

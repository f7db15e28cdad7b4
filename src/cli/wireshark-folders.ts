/** Where Wireshark keeps what it loads: asked of tshark, or, without it, where Wireshark looks by default. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const PROFILE_NAME = 'vSwitch';
/** The profile as it comes with the program; the built package has it at the same place. */
export const PROFILE_SOURCE = new URL('../../captures/wireshark/', import.meta.url);

export interface WiresharkFolders {
  readonly configuration: string;
  readonly luaPlugins: string;
  readonly extcap: string;
}

const ASK_WAIT_MS = 20_000;

export async function wiresharkFolders(): Promise<WiresharkFolders> {
  const told = await askTshark();
  const configuration = told.get('Personal configuration') ?? configurationFolder();
  const luaPlugins = told.get('Personal Lua Plugins') ?? defaultPlugins();
  return { configuration, luaPlugins, extcap: extcapFolder(told) };
}

/** Before version 4.2 there is one folder for all users only. The one in the environment counts where Wireshark takes it: not for root. */
function extcapFolder(told: ReadonlyMap<string, string>): string {
  const named = process.env['WIRESHARK_EXTCAP_DIR'];
  const common = told.get('Extcap path');
  if (named !== undefined && named !== '' && (common === undefined || common === named)) return named;
  return told.get('Personal Extcap path') ?? common ?? defaultExtcap();
}

/** Lines `Name:  path`; none where tshark is missing. */
async function askTshark(): Promise<Map<string, string>> {
  try {
    const { stdout } = await promisify(execFile)('tshark', ['-G', 'folders'], { timeout: ASK_WAIT_MS });
    const rows = stdout.split('\n').map((line) => /^([^:]+):\s+(.+)$/.exec(line.trimEnd()));
    return new Map(rows.flatMap((row) => (row === null ? [] : [[row[1]!, row[2]!] as const])));
  } catch {
    return new Map();
  }
}

/** Without asking: the personal configuration of Wireshark, as version 3 and 4 look for it. */
export function configurationFolder(): string {
  const named = process.env['WIRESHARK_CONFIG_DIR'];
  if (named !== undefined && named !== '') return named;
  if (process.platform === 'win32') return join(process.env['APPDATA'] ?? homedir(), 'Wireshark');
  const config = process.env['XDG_CONFIG_HOME'];
  return join(config === undefined || config === '' ? join(homedir(), '.config') : config, 'wireshark');
}

const LIBRARY = ['.local', 'lib', 'wireshark'];

function defaultPlugins(): string {
  return process.platform === 'win32' ? join(configurationFolder(), 'plugins') : join(homedir(), ...LIBRARY, 'plugins');
}

function defaultExtcap(): string {
  return process.platform === 'win32' ? join(configurationFolder(), 'extcap') : join(homedir(), ...LIBRARY, 'extcap');
}

export function hasProfile(configuration: string): boolean {
  return existsSync(join(configuration, 'profiles', PROFILE_NAME));
}

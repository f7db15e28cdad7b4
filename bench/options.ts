/** True when the bench only has to show that it works: everything tiny, no figure worth reading. */
export const isSmoke = process.argv.includes('--smoke');
/** False when a run is not to be kept among earlier ones. */
export const isRecorded = !process.argv.includes('--no-history');
const FLAGS = ['--smoke', '--no-history'];

/** `--name value` from the command line, with the type of its default; with `--smoke` the values of `smoke` are the defaults. */
export function options<T extends Record<string, number | string>>(defaults: T, smoke: Partial<T> = {}): T {
  const found: Record<string, number | string> = { ...defaults, ...(isSmoke ? smoke : {}) };
  const args = process.argv.slice(2).filter((arg) => !FLAGS.includes(arg));
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i]!.replace(/^--/, '');
    if (!(name in defaults)) throw new Error(`unknown option ${args[i]}; there are ${list(defaults)}, --smoke`);
    const text = args[i + 1];
    const value = typeof defaults[name] === 'number' ? Number(text) : text;
    if (value === undefined || Number.isNaN(value))
      throw new Error(`--${name} needs a value, such as ${defaults[name]}`);
    found[name] = value;
  }
  return found as T;
}

function list(defaults: object): string {
  return Object.keys(defaults)
    .map((name) => `--${name}`)
    .join(', ');
}

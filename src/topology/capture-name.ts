/**
 * What the name of a capture file says: `.pcap` is classic pcap, all else pcapng; `.gz` and `.zst` behind that compress; `-` is the
 * standard output.
 */

export type Compression = 'none' | 'gzip' | 'zstd';

/** In messages and in `captures:` entries. */
export const STANDARD_OUTPUT = '-';

export interface CaptureName {
  /** Path without its endings. */
  readonly stem: string;
  /** `.pcapng.gz`; empty where there is none. */
  readonly ending: string;
  readonly isPcap: boolean;
  readonly compression: Compression;
}

export function captureName(file: string): CaptureName {
  const [, packed = ''] = /(\.gz|\.zst)$/.exec(file) ?? [];
  const plain = file.slice(0, file.length - packed.length);
  const [format = ''] = /(?<=[^/])\.\w+$/.exec(plain) ?? [];
  const compression = packed === '.gz' ? 'gzip' : packed === '.zst' ? 'zstd' : 'none';
  return {
    stem: plain.slice(0, plain.length - format.length),
    ending: format + packed,
    isPcap: format === '.pcap',
    compression,
  };
}

const DIGITS = 5;

/** The n-th file, from 1, of a capture that begins new ones: `all_00001.pcapng`. */
export function numberedFile(file: string, n: number): string {
  const { stem, ending } = captureName(file);
  return `${stem}_${String(n).padStart(DIGITS, '0')}${ending}`;
}

/** The name as a reader takes it. */
export function spokenName(file: string): string {
  return file === STANDARD_OUTPUT ? 'standard output' : file;
}

/**
 * How fast does a file take bytes here? The first 4 MiB of a file are written again and again, each by one call, to another
 * one: what a capture's writer could do at best if nobody had to make what it writes. Prints octets a second, and leaves
 * the file.
 *
 *     npx tsx bench/plain.ts FROM TO BYTES
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const PIECE = 4 * 1024 * 1024;
const [from = '', to = '', bytes = '0'] = process.argv.slice(2);

const source = openSync(from, 'r');
const shared = new Uint8Array(new SharedArrayBuffer(PIECE));
const piece = shared.subarray(0, readSync(source, shared, 0, PIECE, 0));
closeSync(source);
const file = openSync(to, 'w');
const began = performance.now();
for (let left = Number(bytes); left > 0; ) left -= writeSync(file, piece, 0, Math.min(left, piece.length));
const seconds = (performance.now() - began) / 1000;
closeSync(file);
console.log(Number(bytes) / seconds);

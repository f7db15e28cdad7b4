/**
 * Which pages of the memory are in use. It starts all zero, so that a page of zeros is as good as none: a snapshot leaves it out.
 *
 * A page is looked at 128 bytes at a time and left at the first that are not zero, so that a used page costs little and an unused one
 * what it takes to read it: a GiB of unused ones some 50 ms, ten times as much when it is read for the first time (bench/snapshot.ts).
 */
export const PAGE_SIZE: u32 = 4096;

function isUsed(page: usize): bool {
  for (let at = page, end = page + <usize>PAGE_SIZE; at < end; at += 128) {
    const a = v128.or(v128.or(v128.load(at), v128.load(at, 16)), v128.or(v128.load(at, 32), v128.load(at, 48)));
    const b = v128.or(v128.or(v128.load(at, 64), v128.load(at, 80)), v128.or(v128.load(at, 96), v128.load(at, 112)));
    if (v128.any_true(v128.or(a, b))) return true;
  }
  return false;
}

/** The first page of `from` to `end` that is in use (`used`), or is not; `end` if none is. Both are multiples of the page size. */
export function firstPage(from: usize, end: usize, used: bool): usize {
  let page = from;
  while (page < end && isUsed(page) != used) page += <usize>PAGE_SIZE;
  return page;
}

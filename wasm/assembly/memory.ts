// The arena: 64-byte aligned blocks that can be freed, counted and bounded; no garbage collector anywhere.

/** Bytes before each block: keeps blocks 64-byte aligned, so that no vector straddles a cache line. */
const HEADER: u32 = 64;
const PAGE: u32 = 65536;
const LIVE: u32 = 0x4c495645;
const FREE: u32 = 0x46524545;

// Header fields, as byte offsets from the block's start.
const SIZE: u32 = 0;
const STATE: u32 = 4;
const NEXT: u32 = 8;

/** First free block, in address order, so that neighbours can be joined. */
let freeList: u32 = 0;
let arenaEnd: u32 = 0;
let limitPages: u32 = 65535;
let live: u32 = 0;
let peak: u32 = 0;
let blocks: u32 = 0;

/** Bounds the whole linear memory, in 64 KiB pages. */
export function setMemoryLimit(pages: u32): void {
  limitPages = pages;
}

/** Bytes that are allocated now. */
export function liveBytes(): u32 {
  return live;
}

/** The most that {@link liveBytes} has been. */
export function peakBytes(): u32 {
  return peak;
}

/** Blocks that are allocated now. */
export function liveBlocks(): u32 {
  return blocks;
}

/** Appends at least `bytes` to the arena as one free block; false when the limit is reached. */
function grow(bytes: u32): bool {
  if (arenaEnd == 0) {
    arenaEnd = (<u32>memory.size()) * PAGE;
    const base = ((<u32>__heap_base) + 63) & ~63;
    if (arenaEnd - base >= HEADER * 2) release(base, arenaEnd - base);
  }
  const wanted = (<u64>bytes + PAGE - 1) / PAGE;
  if (<u64>memory.size() + wanted > <u64>limitPages) return false;
  if (memory.grow(<i32>wanted) < 0) return false;
  release(arenaEnd, <u32>wanted * PAGE);
  arenaEnd += <u32>wanted * PAGE;
  return true;
}

/** Puts a block on the free list and joins it with its neighbours. */
function release(block: u32, size: u32): void {
  let before: u32 = 0;
  let after = freeList;
  while (after != 0 && after < block) {
    before = after;
    after = load<u32>(after, NEXT);
  }
  if (after != 0 && block + size == after) {
    size += load<u32>(after, SIZE);
    after = load<u32>(after, NEXT);
  }
  if (before != 0 && before + load<u32>(before, SIZE) == block) {
    store<u32>(before, load<u32>(before, SIZE) + size, SIZE);
    store<u32>(before, after, NEXT);
    return;
  }
  store<u32>(block, size, SIZE);
  store<u32>(block, FREE, STATE);
  store<u32>(block, after, NEXT);
  if (before != 0) store<u32>(before, block, NEXT);
  else freeList = block;
}

/** Takes the first free block that fits and returns what is left of it to the list; 0 if there is none. */
function take(size: u32): u32 {
  let before: u32 = 0;
  let block = freeList;
  while (block != 0 && load<u32>(block, SIZE) < size) {
    before = block;
    block = load<u32>(block, NEXT);
  }
  if (block == 0) return 0;
  let next = load<u32>(block, NEXT);
  const rest = load<u32>(block, SIZE) - size;
  if (rest >= HEADER * 2) {
    const tail = block + size;
    store<u32>(tail, rest, SIZE);
    store<u32>(tail, FREE, STATE);
    store<u32>(tail, next, NEXT);
    next = tail;
    store<u32>(block, size, SIZE);
  }
  if (before != 0) store<u32>(before, next, NEXT);
  else freeList = next;
  return block;
}

/** A block of `bytes`, contents undefined, or 0 when the memory limit does not allow it. */
export function allocate(bytes: u32): u32 {
  if (bytes == 0 || bytes > 0x7fffff00) return 0;
  const size = ((bytes + 63) & ~63) + HEADER;
  let block = take(size);
  if (block == 0) {
    if (!grow(size)) return 0;
    block = take(size);
  }
  store<u32>(block, LIVE, STATE);
  live += load<u32>(block, SIZE);
  blocks++;
  if (live > peak) peak = live;
  return block + HEADER;
}

/** Returns a block to the arena; false (and no change) when `pointer` is not a live block. */
export function free(pointer: u32): bool {
  if ((pointer & 63) != 0 || pointer < HEADER || pointer >= arenaEnd) return false;
  const block = pointer - HEADER;
  if (load<u32>(block, STATE) != LIVE) return false;
  const size = load<u32>(block, SIZE);
  live -= size;
  blocks--;
  store<u32>(block, FREE, STATE);
  release(block, size);
  return true;
}

// Reads Python pickles (protocols 2 to 5) as inert data: nothing is imported, looked up or called.
import { SealedError } from '../../base/errors.ts';
import { printable } from '../file-text.ts';
import { PickleGlobal, PickleObject, PickleTuple } from './pickle-values.ts';
import type { PickleValue } from './pickle-values.ts';

/** What the owner of the reader decides. */
export interface PickleHooks {
  /** The result of calling `callee`, which must be on the owner's list; undefined refuses the call. */
  readonly call: (callee: PickleGlobal, args: readonly PickleValue[]) => PickleValue | undefined;
  /** The object a persistent id stands for. */
  readonly persistent: (id: PickleValue) => PickleValue;
}

const MARK = Symbol('mark');
type StackItem = PickleValue | typeof MARK;

/**
 * Reads one pickle from `bytes` at `offset`.
 * @throws SealedError `unsupported-layer` for a call that the hooks refuse, naming it and where it stands;
 * `malformed-model` for anything that is no pickle of these protocols.
 */
export function unpickle(
  bytes: Uint8Array,
  hooks: PickleHooks,
  offset = 0,
): { readonly value: PickleValue; readonly end: number } {
  return new Reader(bytes, hooks, offset).run();
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #hooks: PickleHooks;
  readonly #stack: StackItem[] = [];
  readonly #memo = new Map<number, PickleValue>();
  #at: number;

  constructor(bytes: Uint8Array, hooks: PickleHooks, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#hooks = hooks;
    this.#at = offset;
  }

  run(): { value: PickleValue; end: number } {
    // Every opcode takes at least one byte, so the loop ends and the stack is no longer than the file.
    for (;;) {
      const opcode = this.#take(1)[0];
      if (opcode === 0x2e) return { value: this.#pop(), end: this.#at };
      this.#step(opcode);
    }
  }

  /** One opcode, by its byte in CPython's Lib/pickle.py. */
  #step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.#uint(1) > 5) throw malformed('it is a pickle of a protocol after 5');
        return;
      case 0x95: // FRAME
        this.#take(8);
        return;
      case 0x28: // MARK
        this.#stack.push(MARK);
        return;
      case 0x30: // POP
        if (this.#stack.pop() === undefined) throw malformed('its stack runs empty');
        return;
      case 0x31: // POP_MARK
        this.#popToMark();
        return;
      case 0x32: // DUP
        this.#push(this.#top());
        return;
      case 0x4e: // NONE
        this.#push(null);
        return;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        this.#push(opcode === 0x88);
        return;
      case 0x4b: // BININT1
        this.#push(this.#uint(1));
        return;
      case 0x4d: // BININT2
        this.#push(this.#uint(2));
        return;
      case 0x4a: // BININT
        this.#push(this.#uint(4) | 0);
        return;
      case 0x8a: // LONG1
        this.#push(toInteger(this.#take(this.#uint(1))));
        return;
      case 0x8b: // LONG4
        this.#push(toInteger(this.#take(this.#uint(4))));
        return;
      case 0x47: // BINFLOAT, big-endian
        this.#take(8);
        this.#push(this.#view.getFloat64(this.#at - 8, false));
        return;
      case 0x8c: // SHORT_BINUNICODE
        this.#push(this.#text(this.#uint(1)));
        return;
      case 0x58: // BINUNICODE
        this.#push(this.#text(this.#uint(4)));
        return;
      case 0x8d: // BINUNICODE8
        this.#push(this.#text(this.#uint(8)));
        return;
      case 0x55: // SHORT_BINSTRING
        this.#push(this.#text(this.#uint(1)));
        return;
      case 0x54: // BINSTRING
        this.#push(this.#text(this.#uint(4)));
        return;
      case 0x43: // SHORT_BINBYTES
        this.#push(this.#take(this.#uint(1)));
        return;
      case 0x42: // BINBYTES
        this.#push(this.#take(this.#uint(4)));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.#push(this.#take(this.#uint(8)));
        return;
      default:
        this.#stepStructure(opcode);
    }
  }

  /** Opcodes that build, remember or refer. */
  #stepStructure(opcode: number): void {
    switch (opcode) {
      case 0x29: // EMPTY_TUPLE
        this.#push(new PickleTuple([]));
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: opcode - 0x84 }, () => this.#pop()).reverse();
        this.#push(new PickleTuple(items));
        return;
      }
      case 0x74: // TUPLE
        this.#push(new PickleTuple(this.#popToMark()));
        return;
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        this.#push([]);
        return;
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        this.#push(this.#popToMark());
        return;
      case 0x61: // APPEND
        this.#append([this.#pop()]);
        return;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.#append(this.#popToMark());
        return;
      case 0x7d: // EMPTY_DICT
        this.#push(new Map());
        return;
      case 0x64: {
        // DICT
        const items = this.#popToMark();
        this.#push(new Map());
        this.#setItems(items);
        return;
      }
      case 0x73: {
        // SETITEM
        const value = this.#pop();
        this.#setItems([this.#pop(), value]);
        return;
      }
      case 0x75: // SETITEMS
        this.#setItems(this.#popToMark());
        return;
      case 0x71: // BINPUT
        this.#memo.set(this.#uint(1), this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#uint(4), this.#top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 0x68: // BINGET
        this.#push(this.#recall(this.#uint(1)));
        return;
      case 0x6a: // LONG_BINGET
        this.#push(this.#recall(this.#uint(4)));
        return;
      case 0x63: // GLOBAL
        this.#push(new PickleGlobal(this.#line(), this.#line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [name, module] = [this.#pop(), this.#pop()];
        if (typeof name !== 'string' || typeof module !== 'string') throw malformed('a global has no name');
        this.#push(new PickleGlobal(module, name));
        return;
      }
      case 0x51: // BINPERSID
        this.#push(this.#hooks.persistent(this.#pop()));
        return;
      case 0x81: // NEWOBJ
      case 0x92: {
        // NEWOBJ_EX
        if (opcode === 0x92) this.#pop();
        this.#pop();
        const type = this.#pop();
        if (!(type instanceof PickleGlobal)) throw malformed('an object has no class');
        this.#push(new PickleObject(type));
        return;
      }
      case 0x52: // REDUCE
        this.#reduce();
        return;
      case 0x62: {
        // BUILD: only instances keep their state; that of other values (an OrderedDict's _metadata) is dropped.
        const state = this.#pop();
        const target = this.#top();
        if (target instanceof PickleObject) target.state = state;
        return;
      }
      default:
        throw malformed(
          `it uses pickle opcode 0x${opcode.toString(16).padStart(2, '0')}, which torch.save never writes`,
        );
    }
  }

  #reduce(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (!(callee instanceof PickleGlobal) || !(args instanceof PickleTuple))
      throw malformed('a call has no callee');
    const result = this.#hooks.call(callee, args.items);
    if (result === undefined) {
      const place = this.#place();
      throw new SealedError(
        'unsupported-layer',
        `The file asks to call ${printable(callee.path)}${place && ` in layer '${place}'`}, which no network needs; ` +
          "nothing was called. Save the weights alone, torch.save(model.state_dict(), 'weights.pt'), and give the layer list beside them.",
        { stage: 'model', detail: { global: printable(callee.path), layer: place } },
      );
    }
    this.#push(result);
  }

  /** The keys of the dictionaries being filled, as a module path: `3.weight`. */
  #place(): string {
    const keys: string[] = [];
    let since = 0;
    this.#stack.forEach((item, i) => {
      if (item !== MARK && i < this.#stack.length - 1) return;
      const end = item === MARK ? i : i + 1;
      // Keys and values alternate after a mark; an odd count leaves a key without its value.
      const key = this.#stack[end - 1];
      if ((end - since) % 2 === 1 && typeof key === 'string' && !key.startsWith('_'))
        keys.push(printable(key));
      since = i + 1;
    });
    return keys.join('.');
  }

  #push(value: PickleValue): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw malformed('its stack runs empty');
    return value;
  }

  #top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw malformed('its stack runs empty');
    return value;
  }

  #popToMark(): PickleValue[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw malformed('a mark is missing');
    const items = this.#stack.splice(mark);
    return items.slice(1) as PickleValue[];
  }

  #append(items: readonly PickleValue[]): void {
    const list = this.#top();
    // A list of some class: nothing that a network needs stands in one.
    if (list instanceof PickleObject) return;
    if (!Array.isArray(list)) throw malformed('items are appended to something that is no list');
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const top = this.#top();
    const map = top instanceof PickleObject ? top.items : top;
    if (!(map instanceof Map) || items.length % 2 !== 0)
      throw malformed('items are set in something that is no dict');
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  #recall(key: number): PickleValue {
    const value = this.#memo.get(key);
    if (value === undefined) throw malformed(`it recalls value ${key}, which it never stored`);
    return value;
  }

  #take(count: number): Uint8Array {
    if (!(count >= 0 && this.#at + count <= this.#bytes.length)) throw malformed('it ends early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  #uint(bytes: 1 | 2 | 4 | 8): number {
    this.#take(bytes);
    const at = this.#at - bytes;
    if (bytes === 1) return this.#view.getUint8(at);
    if (bytes === 2) return this.#view.getUint16(at, true);
    return bytes === 4 ? this.#view.getUint32(at, true) : Number(this.#view.getBigUint64(at, true));
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  /** The rest of the line, without its end. */
  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0 || end - this.#at > 4096) throw malformed('a name does not end');
    const line = this.#text(end - this.#at);
    this.#at = end + 1;
    return line;
  }
}

/** Little-endian two's complement; a number where it is exact. */
function toInteger(bytes: Uint8Array): number | bigint {
  if (bytes.length > 255) throw malformed('it holds a number of more than 255 bytes');
  let value = 0n;
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte);
  if (bytes.length > 0 && bytes[bytes.length - 1] & 0x80) value -= 1n << BigInt(8 * bytes.length);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function malformed(text: string): SealedError {
  return new SealedError('malformed-model', `The file cannot be read as a PyTorch model: ${text}.`, {
    stage: 'model',
  });
}

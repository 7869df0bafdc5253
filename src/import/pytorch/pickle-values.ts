// What a Python pickle can hold, as inert data.

/** A Python name, kept as a name. */
export class PickleGlobal {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  /** `module.name`. */
  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** A Python tuple. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** An instance of a Python class: its name and the state the file gives it. */
export class PickleObject {
  readonly type: PickleGlobal;
  state: PickleValue = null;
  /** What it holds, where its class is a dictionary's. */
  readonly items = new Map<PickleValue, PickleValue>();

  constructor(type: PickleGlobal) {
    this.type = type;
  }
}

/** Anything the reader's owner puts in place of a call or persistent id. */
export class PickleForeign<Value> {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** What a pickle can hold. Dictionaries are maps; sets are lists. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleTuple
  | PickleGlobal
  | PickleObject
  | PickleForeign<unknown>;

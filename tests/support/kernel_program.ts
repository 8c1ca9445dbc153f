/**
 * Random programs of kernel operations for `tests/guests/kernel_interpreter.wat`. What a program does is
 * what a guest of any kit may do: it touches only what lies in its blocks, leaves a block alone that it
 * handed to the host, and looks at no address.
 *
 * @module
 */

/** Codes of the operations, in the order of the interpreter's table. */
export const OPERATION = {
  alloc: 0,
  free: 1,
  length: 2,
  loadU8: 3,
  loadU64: 4,
  storeU8: 5,
  storeU64: 6,
  inputLoadU8: 7,
  inputLoadU64: 8,
  inputLength: 9,
  loadInput: 10,
  key: 11,
  configGet: 12,
  varGet: 13,
  varSet: 14,
  log: 15,
  httpStatus: 16,
  give: 17,
} as const;

/** The keys a program asks for are `k0` to `k7`. */
const KEYS = 8;
const SLOTS = 24;
const OPERATION_BYTES = 16;

/** A generator of numbers that gives the same ones for the same seed (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}

/** What a slot holds: a block of known length that may be written, a result that may only be read. */
interface Slot {
  readonly length: number;
  readonly own: boolean;
}

/**
 * Writes a program.
 *
 * @param config Settings the guest will have; those named `k0` to `k7` are asked for. None may be empty.
 * @param ending What it ends with: nothing, or handing a whole block out as its output or its error.
 */
export function kernelProgram(
  seed: number,
  config: ReadonlyMap<string, string>,
  ending: "none" | "output" | "error" = "none",
): Uint8Array<ArrayBuffer> {
  const random = seeded(seed);
  const steps = 8 + random(120);
  const program = new Uint8Array(OPERATION_BYTES * (steps + (ending === "none" ? 0 : 2)));
  const view = new DataView(program.buffer);
  const slots = new Map<number, Slot>();
  const variables = new Map<number, number>();
  let at = 0;

  const put = (code: number, a = 0, b = 0, offset = 0, value = 0n) => {
    program.set([code, a, b], at);
    view.setUint32(at + 4, offset, true);
    view.setBigUint64(at + 8, value, true);
    at += OPERATION_BYTES;
  };
  const free = () => {
    const slot = random(SLOTS);
    slots.delete(slot);
    return slot;
  };
  const pick = (fits: (slot: Slot) => boolean) => {
    const fitting = [...slots].filter(([, slot]) => fits(slot));
    return fitting[random(fitting.length)];
  };
  const room = () => at + OPERATION_BYTES <= steps * OPERATION_BYTES;
  const alloc = () => {
    const sizes = [1 + random(9), 1 + random(64), 1 + random(700), 1 + random(70_000)];
    const length = sizes[random(20) === 0 ? 3 : random(3)] ?? 1;
    const slot = free();
    slots.set(slot, { length, own: true });
    put(OPERATION.alloc, slot, 0, random(256), BigInt(length));
  };
  /** A key in a slot of its own, for the operation that comes next. */
  const key = (number: number) => {
    put(OPERATION.key, SLOTS, 0, 0, BigInt(number));
    return SLOTS;
  };

  while (room()) {
    const code = random(18);
    const any = pick(() => true);
    const own = pick(({ own }) => own);
    const wide = pick(({ length, own }) => length >= 8 && (own || code === OPERATION.loadU64));
    if (any === undefined) alloc();
    else if (code === OPERATION.free && own !== undefined) {
      slots.delete(own[0]);
      put(code, own[0]);
    } else if (code === OPERATION.length) put(code, any[0]);
    else if (code === OPERATION.loadU8) put(code, any[0], 0, random(any[1].length));
    else if (code === OPERATION.storeU8 && own !== undefined) {
      put(code, own[0], 0, random(own[1].length), BigInt(random(2 ** 32)));
    } else if (
      (code === OPERATION.loadU64 || code === OPERATION.storeU64) && wide !== undefined
    ) {
      const value = BigInt(random(2 ** 32)) << 32n | BigInt(random(2 ** 32));
      put(code, wide[0], 0, random(wide[1].length - 7), value);
    } else if (code === OPERATION.inputLoadU8) {
      put(code, 0, 0, 0, BigInt(random(program.length)));
    } else if (code === OPERATION.inputLoadU64 || code === OPERATION.loadInput) {
      put(code, 0, 0, 0, BigInt(random(program.length - 7)));
    } else if (code === OPERATION.inputLength || code === OPERATION.httpStatus) put(code);
    else if (code === OPERATION.configGet) {
      const number = random(KEYS);
      const value = config.get(`k${number}`);
      const from = key(number);
      if (!room()) break;
      const slot = free();
      if (value !== undefined) {
        const { length } = new TextEncoder().encode(value);
        slots.set(slot, { length, own: true });
      }
      put(code, from, slot);
    } else if (code === OPERATION.varGet) {
      const number = random(KEYS);
      const from = key(number);
      if (!room()) break;
      const slot = free();
      const length = variables.get(number);
      if (length !== undefined) slots.set(slot, { length, own: false });
      put(code, from, slot);
    } else if (code === OPERATION.varSet) {
      const number = random(KEYS);
      const from = key(number);
      if (!room()) break;
      if (own === undefined || random(4) === 0) {
        variables.delete(number);
        put(code, from, 0, 0, 0n);
      } else {
        variables.set(number, own[1].length);
        slots.delete(own[0]);
        put(code, from, own[0], 0, 1n);
      }
    } else if (code === OPERATION.log && own !== undefined && own[1].length < 1_000) {
      slots.delete(own[0]);
      put(code, own[0], 0, 0, BigInt(random(4)));
    } else if (code === OPERATION.give) {
      // Not the last word: the interpreter, or the program's end, sets another output.
      put(code, any[0]);
    } else alloc();
  }
  if (ending === "none") return program.slice(0, at);
  put(OPERATION.alloc, SLOTS, 0, random(256), BigInt(1 + random(5_000)));
  put(OPERATION.give, SLOTS, 0, 0, ending === "error" ? 1n : 0n);
  return program.slice(0, at);
}

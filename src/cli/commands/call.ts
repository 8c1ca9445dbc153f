import type { InputSource } from "../action.ts";
import { command } from "./command.ts";

/** `plugin call` */
export const call = command({
  name: "plugin call",
  words: ["ID", "EXPORT", "[-]"],
  does: "calls an export and prints its output; - reads the input from stdin",
  options: {
    "input": { value: "JSON", help: "the input; it must be JSON" },
    "input-file": { value: "FILE", help: "the input, any bytes; - reads it from stdin" },
    "timeout-ms": { value: "MS", help: "a deadline shorter than the plugin's own" },
  },
  read(given) {
    const [id = "", exportName = "", dash] = given.words;
    if (id === "-" || exportName === "-") given.refuse("EXPORT is missing");
    if (dash !== undefined && dash !== "-") given.refuse(`"${dash}" is one word too many`);
    const inputs: InputSource[] = [];
    if (dash !== undefined) inputs.push({ from: "stdin" });
    const [json, file] = [given.text("input"), given.text("input-file")];
    if (json !== undefined) inputs.push({ from: "argument", json });
    if (file !== undefined) {
      inputs.push(file === "-" ? { from: "stdin" } : { from: "file", path: file });
    }
    if (inputs.length > 1) given.refuse("more than one input");
    const timeout = given.text("timeout-ms");
    if (timeout !== undefined && !/^[1-9]\d{0,8}$/.test(timeout)) {
      given.refuse(`--timeout-ms is "${timeout}", want a whole number of milliseconds`);
    }
    return {
      kind: "call",
      id,
      exportName,
      input: inputs[0] ?? { from: "nothing" },
      ...(timeout !== undefined && { timeoutMs: Number(timeout) }),
    };
  },
});

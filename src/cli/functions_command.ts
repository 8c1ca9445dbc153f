import { describeEnvFunctions } from "../protobuf/mod.ts";
import { describeHostFunctions } from "../services/mod.ts";
import { printJson, type Terminal } from "./terminal.ts";
import { functionTable } from "./views.ts";

/** Runs `plugin functions`: every host function that exists, of both generations, whatever is installed. */
export function showFunctions(json: boolean, terminal: Terminal): number {
  const functions = [...describeHostFunctions(), ...describeEnvFunctions()];
  if (json) printJson({ functions }, terminal);
  else terminal.out(functionTable(functions, terminal.width));
  return 0;
}

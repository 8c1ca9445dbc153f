// A guest that calls each host function through the PDK: the fields of the request in, what the PDK made of the
// host's answer out, in the form of the answer. What failed is `{"error": …}`.

import { hostError, inputText, Json, outputText, SUCCESS } from "@soundproof/pdk";

export * from "./memory";
export * from "./music";
export * from "./network";
export * from "./time";

let asked: Json = Json.MISSING;

/** A field of the input. */
export function field(name: string): Json {
  if (!asked.exists) asked = Json.parse(inputText());
  return asked.get(name);
}

/** The output of an export: an answer, or the failure. */
export function told(answer: Json): i32 {
  const failed = hostError().length > 0;
  outputText((failed ? Json.object().set("error", Json.text(hostError())) : answer).toString());
  return SUCCESS;
}

/** The output where a function answers only whether it succeeded. */
export function toldWhether(succeeded: bool): i32 {
  return told(succeeded ? Json.object() : Json.object().set("failed", Json.boolean(true)));
}

/** An answer of one field. */
export function only(name: string, value: Json): Json {
  return Json.object().set(name, value);
}

/** An answer that may be absent. */
export function found(value: Json | null): Json {
  const answer = Json.object().set("exists", Json.boolean(value !== null));
  return value === null ? answer : answer.set("value", value);
}

export function textList(texts: string[]): Json {
  const list = Json.array();
  for (let i = 0; i < texts.length; i++) list.push(Json.text(texts[i]));
  return list;
}

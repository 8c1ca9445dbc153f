// What all capabilities share: the request that came in, and the answer that goes out.

import { Json } from "./json";
import { inputText, outputText } from "./memory";
import { fail, notImplemented, resultCode, SUCCESS } from "./result";

/** The request as JSON; `null` after a fault if it is none. */
export function readRequest(): Json | null {
  const request = Json.parse(inputText());
  if (request.error.length == 0) return request;
  fail(request.error);
  return null;
}

/** Hands an answer to the host, unless the plugin failed; `null` is "nothing". */
export function answer(json: Json | null): i32 {
  if (json !== null && resultCode() == SUCCESS) outputText(json.toString());
  return resultCode();
}

/** An answer of one text; an empty one is "nothing". */
export function answerText(key: string, text: string): i32 {
  return answer(text.length > 0 ? Json.object().set(key, Json.text(text)) : null);
}

/** An answer of one list; an empty one is "nothing". */
export function answerList<T>(key: string, values: T[]): i32 {
  return answer(values.length > 0 ? Json.object().set(key, jsonList<T>(values)) : null);
}

/** A list of what has a `toJson`. */
export function jsonList<T>(values: T[]): Json {
  const list = Json.array();
  for (let i = 0; i < values.length; i++) list.push(values[i].toJson());
  return list;
}

/** What a method answers that a plugin has not overridden. */
export function notImplementedText(): string {
  notImplemented();
  return "";
}

/** The same for lists. */
export function notImplementedList<T>(): T[] {
  notImplemented();
  return [];
}

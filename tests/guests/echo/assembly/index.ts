// A guest that touches the kernel, one export a subject.

import {
  config,
  fail as failWith,
  FAILURE,
  input,
  inputText,
  Json,
  log,
  LogLevel,
  NOT_IMPLEMENTED,
  output,
  outputText,
  SUCCESS,
  variables,
} from "@soundproof/pdk";

/** The output is the input, byte for byte. */
export function echo(): i32 {
  output(input());
  return SUCCESS;
}

/** Succeeds without an output. */
export function nothing(): i32 {
  return SUCCESS;
}

/** The input becomes the error text. */
export function fail(): i32 {
  failWith(inputText());
  return FAILURE;
}

/** Sets an error text, and returns 0 all the same. */
export function fail_with_zero(): i32 {
  failWith(inputText());
  return SUCCESS;
}

/** Returns the number that is its input, without an error text. */
export function exit_code(): i32 {
  return <i32> I32.parseInt(inputText());
}

export function not_implemented(): i32 {
  return NOT_IMPLEMENTED;
}

/** Throws the input: the PDK's abort. */
export function throws(): i32 {
  throw new Error(inputText());
}

/** Traps without a text. */
export function traps(): i32 {
  unreachable();
  return SUCCESS;
}

/** The setting whose key is the input; empty where there is none. */
export function config_value(): i32 {
  const value = config.get(inputText());
  if (value !== null) outputText(value);
  return SUCCESS;
}

/** `{"key": K}` gives the three readings of a setting, with -7, true and "none" as fallbacks. */
export function config_typed(): i32 {
  const key = Json.parse(inputText()).get("key").text();
  outputText(
    Json.object()
      .set("text", Json.text(config.text(key, "none")))
      .set("integer", Json.integer(config.integer(key, -7)))
      .set("boolean", Json.boolean(config.boolean(key, true)))
      .set("json", config.json(key))
      .toString(),
  );
  return SUCCESS;
}

/** Logs the input once at each level; the output is the number of enabled levels. */
export function log_it(): i32 {
  const text = inputText();
  log.trace(text);
  log.debug(text);
  log.info(text);
  log.warn(text);
  log.error(text);
  let enabled = 0;
  for (let level = <i32> LogLevel.Trace; level <= <i32> LogLevel.Error; level++) {
    if (log.enabled(<LogLevel> level)) enabled++;
  }
  outputText(enabled.toString());
  return SUCCESS;
}

/**
 * `[["set", K, V], ["get", K], ["remove", K], …]`, in order; the output is the list of what the gets
 * found, `null` for nothing.
 */
export function vars(): i32 {
  const steps = Json.parse(inputText());
  const found = Json.array();
  for (let i = 0; i < steps.length; i++) {
    const step = steps.at(i), key = step.at(1).text();
    if (step.at(0).text() == "set") variables.set(key, step.at(2).text());
    else if (step.at(0).text() == "remove") variables.remove(key);
    else {
      const value = variables.get(key);
      found.push(value === null ? Json.null() : Json.text(value));
    }
  }
  outputText(found.toString());
  return SUCCESS;
}

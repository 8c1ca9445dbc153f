// A guest that shows what the PDK's JSON reads and writes.

import { fail, FAILURE, inputText, Json, outputText, SUCCESS } from "@soundproof/pdk";

/** Reads the input and writes it again; malformed input is the error text. */
export function roundtrip(): i32 {
  const value = Json.parse(inputText());
  if (value.error.length > 0) {
    fail(value.error);
    return FAILURE;
  }
  outputText(value.toString());
  return SUCCESS;
}

/** Each element of the input array, read as an i64, an i32, a u64, a float, a boolean and a text. */
export function readings(): i32 {
  const values = Json.parse(inputText());
  const rows = Json.array();
  for (let i = 0; i < values.length; i++) {
    const value = values.at(i);
    rows.push(
      Json.array()
        .push(Json.integer(value.integer(-1)))
        .push(Json.integer(value.int32(-2)))
        .push(Json.unsigned(value.unsigned(3)))
        .push(Json.float(value.float(0.25)))
        .push(Json.boolean(value.boolean(true)))
        .push(Json.text(value.text("?"))),
    );
  }
  outputText(rows.toString());
  return SUCCESS;
}

/** Looks for what is not there, in every kind of value. */
export function missing(): i32 {
  const value = Json.parse(inputText());
  const nowhere = value.get("no").at(3).get("where").at(-1);
  nowhere.set("key", Json.null()).push(Json.null());
  outputText(
    Json.object()
      .set("exists", Json.boolean(nowhere.exists))
      .set("length", Json.integer(nowhere.length))
      .set("keys", Json.integer(nowhere.keys().length))
      .set("text", Json.text(nowhere.text("fallback")))
      .set("written", nowhere)
      .toString(),
  );
  return SUCCESS;
}

/** Numbers and texts made by the guest. */
export function made(): i32 {
  outputText(
    Json.array()
      .push(Json.integer(i64.MIN_VALUE))
      .push(Json.integer(i64.MAX_VALUE))
      .push(Json.unsigned(u64.MAX_VALUE))
      .push(Json.float(0.1))
      .push(Json.float(3))
      .push(Json.float(1e21))
      .push(Json.float(-2.5e-7))
      .push(Json.float(Infinity))
      .push(Json.float(NaN))
      .push(Json.text("\u{1f3b7}\u0000\u001f\u007f\u2028"))
      .push(Json.text(String.fromCharCode(0xd83c)))
      .toString(),
  );
  return SUCCESS;
}

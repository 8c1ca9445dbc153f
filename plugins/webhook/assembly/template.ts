// JSON with fields to be filled in: `{{title}}`. It is filled in as JSON, not as text, so that no title can
// become more than a value.

import { Json, JsonKind } from "@soundproof/pdk";

const OPEN = "{{";
const CLOSE = "}}";

/** A template's JSON with the fields' values; a field that there is not is left as it stands. */
export function fillIn(template: Json, fields: Json): Json {
  if (template.kind == JsonKind.Text) return fillInText(template.text(), fields);
  if (template.kind == JsonKind.Array) {
    const list = Json.array();
    for (let i = 0; i < template.length; i++) list.push(fillIn(template.at(i), fields));
    return list;
  }
  if (template.kind != JsonKind.Object) return template;
  const object = Json.object(), keys = template.keys();
  for (let i = 0; i < keys.length; i++) object.set(keys[i], fillIn(template.get(keys[i]), fields));
  return object;
}

function fillInText(text: string, fields: Json): Json {
  // One field alone keeps its type: a duration is a number.
  if (text.startsWith(OPEN) && text.indexOf(CLOSE) == text.length - CLOSE.length) {
    const field = fields.get(text.substring(OPEN.length, text.length - CLOSE.length));
    if (field.exists) return field;
  }
  let filled = "", from = 0;
  while (true) {
    const open = text.indexOf(OPEN, from), close = text.indexOf(CLOSE, open);
    if (open < 0 || close < 0) return Json.text(filled + text.substring(from));
    const field = fields.get(text.substring(open + OPEN.length, close));
    filled += text.substring(from, open) +
      (field.exists ? written(field) : text.substring(open, close + CLOSE.length));
    from = close + CLOSE.length;
  }
}

function written(field: Json): string {
  return field.kind == JsonKind.Text ? field.text() : field.toString();
}

// A guest that uses the host services through the PDK: a list of steps in, a list of results out.

import {
  cache,
  config,
  decode,
  encode,
  hostError,
  HttpRequest,
  HttpResponse,
  inputText,
  Json,
  kvstore,
  outputText,
  SUCCESS,
} from "@soundproof/pdk";

function textOrNull(text: string | null): Json {
  return text === null ? Json.null() : Json.text(text);
}

function bytesOrNull(bytes: ArrayBuffer | null): Json {
  return bytes === null ? Json.null() : Json.text(decode(bytes));
}

function textList(texts: string[]): Json {
  const list = Json.array();
  for (let i = 0; i < texts.length; i++) list.push(Json.text(texts[i]));
  return list;
}

/** Sends the request that the input describes, and describes the response. */
export function http_send(): i32 {
  const wanted = Json.parse(inputText());
  const request = new HttpRequest(wanted.get("method").text(), wanted.get("url").text());
  const headers = wanted.get("headers"), names = headers.keys();
  for (let i = 0; i < names.length; i++) request.header(names[i], headers.get(names[i]).text());
  if (wanted.get("text").exists) request.text(wanted.get("text").text());
  if (wanted.get("json").exists) request.json(wanted.get("json"));
  if (wanted.get("timeoutMs").exists) request.timeout(wanted.get("timeoutMs").int32());
  if (wanted.get("manual").boolean()) request.withoutRedirects();
  const response = request.send();
  outputText(describe(response).toString());
  return SUCCESS;
}

function describe(response: HttpResponse): Json {
  return Json.object()
    .set("ok", Json.boolean(response.ok))
    .set("status", Json.integer(response.status))
    .set("error", Json.text(response.error))
    .set("fault", Json.text(response.fault))
    .set("type", Json.text(response.header("content-type")))
    .set("text", Json.text(response.text()))
    .set("json", response.json());
}

/** Plays `[[function, key, value?, ttlSeconds?], …]`; an `error` after a result says it failed. */
export function play(): i32 {
  const steps = Json.parse(inputText()), results = Json.array();
  for (let i = 0; i < steps.length; i++) {
    results.push(step(steps.at(i)));
    if (hostError().length > 0) results.push(Json.text("error: " + hostError()));
  }
  outputText(results.toString());
  return SUCCESS;
}

function step(call: Json): Json {
  const name = call.at(0).text(), key = call.at(1).text(), value = call.at(2);
  const ttl = call.at(3).integer();
  if (name == "cache.setText") return Json.boolean(cache.setText(key, value.text(), ttl));
  if (name == "cache.getText") return textOrNull(cache.getText(key));
  if (name == "cache.setInteger") return Json.boolean(cache.setInteger(key, value.integer(), ttl));
  if (name == "cache.getInteger") return Json.integer(cache.getInteger(key, -1));
  if (name == "cache.setFloat") return Json.boolean(cache.setFloat(key, value.float(), ttl));
  if (name == "cache.getFloat") return Json.float(cache.getFloat(key, -1));
  if (name == "cache.setBytes") return Json.boolean(cache.setBytes(key, encode(value.text()), ttl));
  if (name == "cache.getBytes") return bytesOrNull(cache.getBytes(key));
  if (name == "cache.has") return Json.boolean(cache.has(key));
  if (name == "cache.remove") return Json.boolean(cache.remove(key));
  if (name == "kvstore.setText") return Json.boolean(kvstore.setText(key, value.text(), ttl));
  if (name == "kvstore.getText") return textOrNull(kvstore.getText(key));
  if (name == "kvstore.getMany") {
    const found = kvstore.getMany(value.texts()), keys = found.keys(), all = Json.object();
    for (let i = 0; i < keys.length; i++) all.set(keys[i], bytesOrNull(found.get(keys[i])));
    return all;
  }
  if (name == "kvstore.has") return Json.boolean(kvstore.has(key));
  if (name == "kvstore.list") return textList(kvstore.list(key));
  if (name == "kvstore.remove") return Json.boolean(kvstore.remove(key));
  if (name == "kvstore.removeByPrefix") return Json.integer(kvstore.removeByPrefix(key));
  if (name == "kvstore.bytesUsed") return Json.integer(kvstore.bytesUsed());
  if (name == "config.keys") return textList(config.keys(key));
  return Json.MISSING;
}

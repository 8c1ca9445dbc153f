import {
  cache,
  config,
  decodeBase64,
  encodeBase64,
  Json,
  kvstore,
  preferences,
  storage,
} from "@soundproof/pdk";
import { field, found, only, textList, told, toldWhether } from "./index";

function key(): string {
  return field("key").text();
}

function ttl(): i64 {
  return field("ttlSeconds").integer();
}

export function bytesOf(json: Json): ArrayBuffer {
  const bytes = decodeBase64(json.text());
  return bytes === null ? new ArrayBuffer(0) : bytes;
}

function text(value: string | null): Json | null {
  return value === null ? null : Json.text(value);
}

function bytes(value: ArrayBuffer | null): Json | null {
  return value === null ? null : Json.text(encodeBase64(value));
}

export function config_get(): i32 {
  return told(found(text(config.exact(key()))));
}

export function config_getint(): i32 {
  return told(found(Json.integer(config.exactInteger(key()))));
}

export function config_keys(): i32 {
  return told(only("keys", textList(config.keys(field("prefix").text()))));
}

export function cache_setstring(): i32 {
  return toldWhether(cache.setText(key(), field("value").text(), ttl()));
}

export function cache_getstring(): i32 {
  return told(found(text(cache.getText(key()))));
}

export function cache_setint(): i32 {
  return toldWhether(cache.setInteger(key(), field("value").integer(), ttl()));
}

export function cache_getint(): i32 {
  return told(found(Json.integer(cache.getInteger(key()))));
}

export function cache_setfloat(): i32 {
  return toldWhether(cache.setFloat(key(), field("value").float(), ttl()));
}

export function cache_getfloat(): i32 {
  return told(found(Json.float(cache.getFloat(key()))));
}

export function cache_setbytes(): i32 {
  return toldWhether(cache.setBytes(key(), bytesOf(field("value")), ttl()));
}

export function cache_getbytes(): i32 {
  return told(found(bytes(cache.getBytes(key()))));
}

export function cache_has(): i32 {
  return told(only("exists", Json.boolean(cache.has(key()))));
}

export function cache_remove(): i32 {
  return toldWhether(cache.remove(key()));
}

export function kvstore_set(): i32 {
  return toldWhether(kvstore.setBytes(key(), bytesOf(field("value"))));
}

export function kvstore_setwithttl(): i32 {
  return toldWhether(kvstore.setBytes(key(), bytesOf(field("value")), ttl()));
}

export function kvstore_get(): i32 {
  return told(found(bytes(kvstore.getBytes(key()))));
}

export function kvstore_getmany(): i32 {
  const values = kvstore.getMany(field("keys").texts()), names = values.keys();
  const answer = Json.object();
  for (let i = 0; i < names.length; i++) {
    answer.set(names[i], Json.text(encodeBase64(values.get(names[i]))));
  }
  return told(only("values", answer));
}

export function kvstore_has(): i32 {
  return told(only("exists", Json.boolean(kvstore.has(key()))));
}

export function kvstore_list(): i32 {
  return told(only("keys", textList(kvstore.list(field("prefix").text()))));
}

export function kvstore_delete(): i32 {
  return toldWhether(kvstore.remove(key()));
}

export function kvstore_deletebyprefix(): i32 {
  const count = kvstore.removeByPrefix(field("prefix").text());
  return told(only("deletedCount", Json.integer(count)));
}

export function kvstore_getstorageused(): i32 {
  return told(only("bytes", Json.integer(kvstore.bytesUsed())));
}

export function preferences_get(): i32 {
  return told(found(text(preferences.get(field("username").text(), key()))));
}

export function preferences_set(): i32 {
  const value = field("value"), username = field("username").text();
  return toldWhether(
    value.exists
      ? preferences.set(username, key(), value.text())
      : preferences.remove(username, key()),
  );
}

export function storage_getstoragepath(): i32 {
  return told(only("result", Json.text(storage.path())));
}

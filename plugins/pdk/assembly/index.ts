// The PDK: everything a plugin imports from "@soundproof/pdk".

export { decodeBase64, encodeBase64 } from "./base64";
export { cache } from "./cache";
export { config } from "./config";
export { hostError } from "./host_call";
export { http, HttpRequest, HttpResponse } from "./http";
export { Json, JsonKind } from "./json";
export { kvstore } from "./kvstore";
export { log, LogLevel } from "./log";
export { decode, encode, input, inputText, output, outputText } from "./memory";
export * from "./metadata";
export * from "./metadata_types";
export { FAILURE, fail, NOT_IMPLEMENTED, notImplemented, resultCode, SUCCESS } from "./result";
export { TextBuilder } from "./text_builder";
export { variables } from "./variables";

// The PDK: everything a plugin imports from "@soundproof/pdk".

export { config } from "./config";
export { Json, JsonKind } from "./json";
export { log, LogLevel } from "./log";
export { decode, encode, input, inputText, output, outputText } from "./memory";
export * from "./metadata";
export * from "./metadata_types";
export { FAILURE, fail, NOT_IMPLEMENTED, notImplemented, resultCode, SUCCESS } from "./result";
export { TextBuilder } from "./text_builder";
export { variables } from "./variables";

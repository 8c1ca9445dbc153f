import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import schema from "../../schema/plugin-cases.schema.json" with { type: "json" };
import { errorText, type Problem, SoundproofError } from "../errors.ts";
import type { LogLevel } from "../cell/mod.ts";
import type { Json } from "../manifest/mod.ts";
import type { MemoryLibrary } from "../services/mod.ts";

/** A request as a case has it: `METHOD url`, or more of it. */
export type WrittenRequest = string | {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly json?: Json;
};

/** A recorded answer. */
export interface RecordedResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly json?: Json;
  /** Why no answer comes. */
  readonly error?: string;
}

/** A request and its recorded answer. */
export interface RecordedExchange {
  readonly request: WrittenRequest;
  readonly response: RecordedResponse;
}

/** What must come of a call; see `schema/plugin-cases.schema.json` for each. */
export interface Expectation {
  readonly output?: Json;
  readonly error?: string;
  readonly log?: readonly string[];
  readonly requests?: readonly WrittenRequest[];
  readonly frames?: readonly Json[];
  readonly kvstore?: Readonly<Record<string, string>>;
}

/** One call of a case. */
export interface CaseCall {
  readonly export: string;
  readonly input?: Json;
  readonly expect?: Expectation;
}

/** A case: a plugin's surroundings, and what is called. */
export interface Case {
  readonly name: string;
  readonly calls: readonly CaseCall[];
  readonly config?: Readonly<Record<string, Json>>;
  readonly server?: MemoryLibrary;
  readonly kvstore?: Readonly<Record<string, string>>;
  readonly http?: readonly RecordedExchange[];
  readonly websockets?: readonly string[];
  readonly logLevel?: LogLevel;
}

/** A file of cases: a case has its calls, or is one call itself. */
interface CaseFile {
  readonly cases: readonly (Omit<Case, "calls"> & (Pick<Case, "calls"> | CaseCall))[];
}

let compiled: ValidateFunction<CaseFile> | undefined;

/**
 * Reads a file of cases by `schema/plugin-cases.schema.json`.
 *
 * @param file What error texts call it.
 * @throws {SoundproofError} `cli.cases_invalid`, with every fault.
 */
export function parseCases(text: string, file: string): Case[] {
  const document = readJson(text, file);
  compiled ??= new Ajv2020({ allErrors: true, strict: false }).compile<CaseFile>(schema);
  if (!compiled(document)) throw invalid(file, problemsOf(compiled));
  return document.cases.map((each) => {
    if ("calls" in each) return each;
    const { export: name, input, expect, ...rest } = each;
    const call = {
      export: name,
      ...(input !== undefined && { input }),
      ...(expect !== undefined && { expect }),
    };
    return { ...rest, calls: [call] };
  });
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = errorText(cause);
    throw invalid(file, [{ path: "$", found, wanted: "JSON" }]);
  }
}

function problemsOf({ errors }: ValidateFunction<CaseFile>): Problem[] {
  return (errors ?? []).map(({ instancePath, message = "another form", params }) => {
    const extra = params.additionalProperty;
    const path = `$${instancePath.replaceAll("/", ".")}`;
    return typeof extra === "string"
      ? { path: `${path}.${extra}`, found: "it", wanted: "no such field" }
      : { path, found: "another form", wanted: message };
  });
}

function invalid(file: string, problems: readonly Problem[]): SoundproofError {
  return new SoundproofError(
    "cli.cases_invalid",
    `Cannot read test cases "${file}": they are not of the form of schema/plugin-cases.schema.json`,
    { problems },
  );
}

import { SoundproofError } from "../errors.ts";
import { type Abi, type AdmittedModule, type CallResult, visible } from "../cell/mod.ts";
import { configMap, type Json, type Manifest } from "../manifest/mod.ts";
import { protobufPlugin } from "../protobuf/mod.ts";
import { type Clock, type HostServices, systemClock } from "../services/mod.ts";

/** What a guest is called with. */
export interface Question {
  readonly export: string;
  readonly input: Uint8Array;
}

/**
 * How the guests of one plugin are talked to. Beside this nothing knows of which generation a plugin is: it is
 * asked by today's export names and JSON, and told outcomes as of today's guests.
 */
export interface GuestGeneration {
  /** Whose rules hold, in cells and in services. */
  readonly generation: "extism" | "protobuf";
  /** How its cells call it. */
  readonly abi: Abi;
  /** Today's names of what it can be asked. */
  readonly exports: ReadonlySet<string>;
  /** Settings as its guests read them. */
  readonly config: ReadonlyMap<string, string>;
  /** What a call becomes. @throws {SoundproofError} `guest.export_unknown`, `guest.export_type`, `guest.input_invalid`. */
  question(name: string, input: Uint8Array): Question;
  /** What an outcome means. @throws {SoundproofError} `guest.output_invalid`. */
  answer(name: string, outcome: CallResult["outcome"]): CallResult["outcome"];
  /** What answers its host calls. */
  functions(
    services: HostServices,
    log: (level: "error", text: string) => void,
  ): Pick<HostServices, "call">;
}

/** Whether a plugin is of Navidrome 0.57 to 0.59. */
export function isProtobuf({ dialect }: Manifest): boolean {
  return dialect === "protobuf";
}

/** What a {@link GuestGeneration} follows from. */
export interface GenerationParts {
  readonly id: string;
  readonly manifest: Manifest;
  readonly admitted: Omit<AdmittedModule, "bytes">;
  /** The administrator's settings. */
  readonly settings?: Readonly<Record<string, Json>> | undefined;
  /** Another clock than the machine's. */
  readonly clock?: Clock | undefined;
}

/** The generation of a plugin. */
export async function generationOf(parts: GenerationParts): Promise<GuestGeneration> {
  const { manifest, settings = {}, clock = systemClock } = parts;
  if (!isProtobuf(manifest)) return extismGeneration(parts);
  const now = () => clock.now();
  const { config, guest, functions } = await protobufPlugin(manifest, settings, now);
  return {
    generation: "protobuf",
    abi: "go_plugin",
    exports: guest.exports,
    config,
    functions,
    question: (name, input) => guest.question(name, input),
    answer: (name, outcome) => outcome.kind === "lost" ? outcome : guest.answer(name, outcome),
  };
}

function extismGeneration(
  { id, manifest, admitted, settings = {} }: GenerationParts,
): GuestGeneration {
  return {
    generation: "extism",
    abi: "extism",
    exports: new Set(admitted.exports.keys()),
    config: configMap(manifest, { ...settings }),
    functions: (services) => services,
    answer: (_, outcome) => outcome,
    question(name, input) {
      const type = admitted.exports.get(name);
      if (type === undefined) {
        throw new SoundproofError(
          "guest.export_unknown",
          `Cannot call "${visible(name, 100)}" of plugin "${id}": it has no such export`,
          { detail: `function not found: ${name}` },
        );
      }
      if (type.parameters !== "" || (type.results !== "" && type.results !== "i")) {
        throw new SoundproofError(
          "guest.export_type",
          `Cannot call "${name}" of plugin "${id}": it takes parameters or returns more than one i32`,
        );
      }
      return { export: name, input };
    },
  };
}

/**
 * Validates the OpenAPI document on its standard input, and prints `{ valid, version, errors }`. A process of its own: the
 * validator reads its schemas from the package cache, which tests may not.
 *
 * @module
 */
import { Validator } from "@seriousme/openapi-schema-validator";

const validator = new Validator();
const { valid, errors } = await validator.validate(
  await new Response(Deno.stdin.readable).json(),
);
const said = JSON.stringify({ valid, version: validator.version, errors });
await new Response(said).body?.pipeTo(Deno.stdout.writable);

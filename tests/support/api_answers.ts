import { Ajv2020 } from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import type { Document } from "./api_document.ts";
import type { Made } from "./api_requests.ts";

/** What answers requests. */
interface Answering {
  request(target: string, init: RequestInit): Response | Promise<Response>;
}

/** Sends a request, and holds the answer against what the document tells of it; gives the status. */
export function answerChecker(
  document: Document,
): (app: Answering, made: Made, faults: readonly unknown[]) => Promise<number> {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: "http://document/", ...document });
  return async (app, { operation, target, headers, body }, faults) => {
    const init = { method: operation.method, headers, ...(body !== undefined && { body }) };
    const response = await app.request(target, init);
    const { status } = response;
    const what = `${operation.method} ${target} ${body} is answered ${status}`;
    assert.deepEqual(faults, [], what);
    assert.notEqual(status, 500, what);
    const told = operation.answers[status];
    assert.ok(told, what);
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    if (Object.keys(told).length === 0) {
      assert.equal(await response.text(), "", what);
      return status;
    }
    assert.ok(told[type], `${what} as ${type}`);
    if (!type.endsWith("json")) {
      await response.body?.cancel();
      return status;
    }
    const method = operation.method.toLowerCase();
    const way = ["paths", operation.path, method, "responses", `${status}`, "content", type];
    const pointer = [...way, "schema"]
      .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    const validate = ajv.getSchema(`http://document/#/${pointer.join("/")}`);
    assert.ok(validate, `${what}: its schema is not found`);
    assert.ok(validate(await response.json()), `${what}: ${ajv.errorsText(validate.errors)}`);
    return status;
  };
}

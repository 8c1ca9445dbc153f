import { errorText } from "../errors.ts";
import { FolderLock, runningService } from "../state/mod.ts";
import { broken, type Finding, fine, look, odd, type Seen } from "./finding.ts";

/** Where something listens, or is to listen. */
export interface Place {
  readonly hostname: string;
  readonly port: number;
}

/** How long an answer may take. Milliseconds. */
const PATIENCE_MS = 5_000;

/** Checks who uses the data folder, whether the address is free, and whether the music server answers. */
export async function checkService(
  dataDir: string,
  listen: Place | undefined,
  musicServer: string | undefined,
): Promise<Finding[]> {
  const service = await holder(dataDir);
  const findings = [
    await look("service", () => judgeHolder(service)),
  ];
  if (listen !== undefined) {
    findings.push(await look("address", () => judgeAddress(listen, service)));
  }
  if (musicServer !== undefined) {
    findings.push(await look("music server", () => judgeMusicServer(musicServer)));
  }
  return findings;
}

type Holder = { readonly url: string; readonly pid: number } | "nobody" | "unknown";

/** Who holds the lock of a data folder. Where nobody does it is held for a moment, to know. */
function holder(dataDir: string): Holder {
  try {
    Deno.statSync(`${dataDir}/lock`);
  } catch {
    return "nobody";
  }
  const service = runningService(dataDir);
  try {
    FolderLock.take(dataDir)[Symbol.dispose]();
    return "nobody";
  } catch {
    return service ?? "unknown";
  }
}

async function judgeHolder(service: Holder): Promise<Seen> {
  if (service === "nobody") return fine("nobody uses the data folder");
  if (service === "unknown") return odd("a command uses the data folder just now");
  const who = `the service at ${service.url} (process ${service.pid})`;
  const status = await statusOf(service.url, "/healthz");
  return status === 200
    ? fine(`${who} uses the data folder, and answers`)
    : broken(`${who} holds the data folder, and does not answer: ${status}`);
}

function judgeAddress({ hostname, port }: Place, service: Holder): Seen {
  const at = `${hostname}:${port}`;
  try {
    Deno.listen({ hostname, port }).close();
    return fine(`${at} is free`);
  } catch (thrown) {
    // A service that tells of a socket can have a port besides.
    const isOurs = typeof service === "object" &&
      (service.url.startsWith("unix:") || Number(new URL(service.url).port) === port);
    return isOurs ? fine(`${at} is the service's`) : broken(`${at}: ${errorText(thrown)}`);
  }
}

/** That something answers is enough: what it says is for the service to read. */
async function judgeMusicServer(url: string): Promise<Seen> {
  const status = await statusOf(url);
  const { origin } = new URL(url);
  return typeof status === "number"
    ? fine(`${origin} answers (status ${status})`)
    : broken(`${origin} does not answer: ${status}`);
}

async function statusOf(url: string, path = ""): Promise<number | string> {
  const [, socket] = /^unix:(.+)$/.exec(url) ?? [];
  using client = socket === undefined
    ? undefined
    : Deno.createHttpClient({ proxy: { transport: "unix", path: socket } });
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(
      socket === undefined ? `${url}${path}` : `http://localhost${path}`,
      {
        redirect: "manual",
        signal,
        ...(client !== undefined && { client }),
      },
    );
    await response.body?.cancel();
    return response.status;
  } catch (thrown) {
    return errorText(thrown);
  }
}

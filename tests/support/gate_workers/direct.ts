/** A worker like the gate's that fetches directly, for the benchmark. */
const scope = self as unknown as {
  onmessage: (event: MessageEvent<{ id: number; url: string }>) => void;
  postMessage(message: unknown, transfer: Transferable[]): void;
};

scope.onmessage = async ({ data: { id, url } }) => {
  const response = await fetch(url, { redirect: "manual" });
  const body = new Uint8Array(await response.arrayBuffer());
  const { status } = response;
  scope.postMessage({ id, status, headers: [...response.headers], body }, [body.buffer]);
};

/** Requests of bindings to the host. They use none of the globals that an app may have replaced, such as fetch. */
import type { Agent, IncomingHttpHeaders } from "node:http";

/** Connections that are kept for further requests. */
const CONNECTIONS = 32;

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

let agent: Agent | null = null;

/** Rejects with the host's error, which has its `code`. The status 404 without a body, which says that there is no such key, is a reply. */
export function request(
  service: "kv" | "sql" | "sqs",
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: Buffer | null = null,
): Promise<Reply> {
  // An app without bindings does not pay for it.
  const http = process.getBuiltinModule("node:http");
  agent ??= new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const length = body === null ? {} : { "content-length": String(body.length) };
  const sent = http.request(
    { host: `${service}.services.mayfly.internal`, agent, method, path, headers: { ...headers, ...length } },
    (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const reply = { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
        if (reply.status < 300 || (reply.status === 404 && reply.body.length === 0)) resolve(reply);
        else reject(errorOf(reply));
      });
    },
  );
  sent.on("error", reject);
  sent.end(body ?? undefined);
  return promise;
}

function errorOf({ status, body }: Reply): Error {
  try {
    // The API of SQS has errors of another form than Mayfly's own.
    const { error, __type, message } = JSON.parse(body.toString()) as {
      error?: { code: string; message: string };
      __type?: string;
      message?: string;
    };
    if (error !== undefined) return Object.assign(new Error(error.message), { code: error.code, status });
    return Object.assign(new Error(String(message)), { code: String(__type).replace(/^.*#/, ""), status });
  } catch {
    return Object.assign(new Error(`The service answered with the status ${status}.`), { status });
  }
}

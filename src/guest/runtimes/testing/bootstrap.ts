/** A client of the Runtime API in plain Node: the program of tests of the runtime `provided`. */

/**
 * An executable script.
 *
 * @param handler JavaScript of a function (event, { id, headers, api, post }) that returns the result, throws, or answers by itself and returns `answered`
 * @param before JavaScript that runs first
 * @param node its path in the machine
 */
export function bootstrap(handler: string, before = "", node = process.execPath): string {
  return `#!${node}
const http = require("node:http");
const api = process.env.AWS_LAMBDA_RUNTIME_API;
const answered = Symbol();
const agent = new http.Agent({ keepAlive: true });
/** Resolves with { status, headers, body }. */
function call(method, path, body, headers = {}, trailers) {
  return new Promise((resolve, reject) => {
    const [hostname, port] = api.split(":");
    const request = http.request({ hostname, port, method, path: "/2018-06-01/runtime/" + path, headers, agent }, async (response) => {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body: text });
    });
    request.on("error", reject);
    if (typeof body === "function") return body(request);
    if (trailers) { request.write(body); request.addTrailers(trailers); request.end(); }
    else request.end(body);
  });
}
const post = (path, body, headers, trailers) => call("POST", path, body, headers, trailers);
const handler = ${handler};
async function loop() {
  for (;;) {
    const { headers, body } = await call("GET", "invocation/next");
    const id = headers["lambda-runtime-aws-request-id"];
    try {
      const result = await handler(body === "" ? null : JSON.parse(body), { id, headers, body });
      if (result !== answered) await post("invocation/" + id + "/response", JSON.stringify(result ?? null));
    } catch (error) {
      const report = { errorType: error.name, errorMessage: error.message, stackTrace: error.stack.split("\\n") };
      await post("invocation/" + id + "/error", JSON.stringify(report), { "lambda-runtime-function-error-type": "Runtime.Test" });
    }
  }
}
${before}
for (let polls = Number(process.env.AWS_LAMBDA_MAX_CONCURRENCY ?? 1); polls > 0; polls--) loop();
`;
}

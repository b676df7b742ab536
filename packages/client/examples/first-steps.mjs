// Deploys a function, calls it, and shows what it printed and what it cost:
//   MAYFLY_API=http://127.0.0.1:7070 MAYFLY_TOKEN=$(cat ~/.local/state/mayfly/api-token) node first-steps.mjs
import { createMayfly, errorOf, MayflyError, ok } from "@mayfly/client";

const mayfly = createMayfly({ url: process.env.MAYFLY_API, token: process.env.MAYFLY_TOKEN });

const code = `export default {
  fetch(request, env) {
    console.log("somebody calls");
    return new Response("Hello, " + new URL(request.url).searchParams.get("name") + ", " + env.KEY + "!");
  },
};`;

await mayfly.setSecret("first-steps", "KEY", "s3cret");
console.log("secrets", await mayfly.secretNames("first-steps"));
const deployed = await mayfly.deploy({
  manifest: { name: "first-steps", functions: { hello: { entry: "hello.mjs" } }, secrets: ["KEY"] },
  functions: { hello: { code, format: "esm" } },
});
console.log("deployed", deployed.number, deployed.changed);

const reply = await mayfly.call("first-steps/hello?name=Ada");
console.log("reply", reply.status, await reply.text());

const stop = new AbortController();
for await (const { text } of mayfly.followLogs("first-steps", { tail: 100 }, stop.signal)) {
  if (!text.includes("somebody calls")) continue;
  console.log("log", text);
  stop.abort();
}

const { bill } = await mayfly.appBill("first-steps");
console.log("requests", bill.requests);

const { limits } = await ok(
  mayfly.api.PATCH("/v1/apps/{app}/limits", { params: { path: { app: "first-steps" } }, body: { requests: 1000 } }),
);
console.log("limit", limits.requests);

const none = await errorOf(await mayfly.call("no-app-of-this-name/hello"));
console.log("no such app", none?.code);

await mayfly.remove("first-steps");
try {
  await mayfly.logs("no-app-of-this-name");
} catch (error) {
  if (!(error instanceof MayflyError)) throw error;
  console.log("error", error.code, error.status, error.cure !== "");
}

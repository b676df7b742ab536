// Red Hat's faas-js-runtime (Fastify), which Knative functions use.
import runtime from "faas-js-runtime";

await runtime.start(() => ({ body: "hello\n", headers: { "content-type": "text/plain" } }), {
  port: Number(process.env.PORT),
  logLevel: "silent",
});

/** Lets tests import `@mayfly/testing` without installing it: `mayfly test-app` has Node load this before each test file. */
import { registerHooks } from "node:module";

const testing = new URL("../../packages/testing/index.ts", import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@mayfly/testing" ? { url: testing, shortCircuit: true } : next(specifier, context),
});

/**
 * What runs inside a machine, bundled into one file (esbuild: platform node, format esm, target node26; top-level
 * await is not used, so cjs works as well). It takes no argument but MAYFLY_CHANNEL.
 */
import { startAgent } from "./agent.ts";

startAgent();

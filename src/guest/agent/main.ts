/**
 * The program that runs inside a machine, bundled into one file (esbuild: platform node, format esm, target node26; top-level await is not
 * used, so that cjs works as well). Its only parameter is MAYFLY_CHANNEL.
 */
import { startAgent } from "./agent.ts";

startAgent();

import { loadConfig } from "../../base/config/load.ts";
import { ensureAgent } from "../../images/agent-bundle.ts";
import { describeAgentFuzz } from "./describe-agent-fuzz.ts";
import { javaAgent } from "./testing/java.ts";
import { nodeAgent } from "./testing/node.ts";
import { pythonAgents } from "./testing/python.ts";

/** Of each agent, one process each. MAYFLY_FUZZ_AGENTS changes their number. */
const CASES = Number(process.env["MAYFLY_FUZZ_AGENTS"] ?? 25);

// Node reads one file sooner than the hundred of the source.
process.env["MAYFLY_TEST_AGENT"] ??= await ensureAgent(loadConfig({}).cacheDir);
for (const agent of [nodeAgent, pythonAgents[0]!, await javaAgent()]) describeAgentFuzz(agent, CASES);

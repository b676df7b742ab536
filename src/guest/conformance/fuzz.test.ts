import { describeAgentFuzz } from "./describe-agent-fuzz.ts";
import { javaAgent } from "./testing/java.ts";
import { nodeAgent } from "./testing/node.ts";
import { pythonAgents } from "./testing/python.ts";

/** Of each agent, one process each. MAYFLY_FUZZ_AGENTS changes their number. */
const CASES = Number(process.env["MAYFLY_FUZZ_AGENTS"] ?? 25);

for (const agent of [nodeAgent, pythonAgents[0]!, await javaAgent()]) describeAgentFuzz(agent, CASES);

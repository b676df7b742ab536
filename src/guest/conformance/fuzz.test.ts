import { describeAgentFuzz } from "./describe-agent-fuzz.ts";
import { pythonAgents } from "./testing/python.ts";

/** One process each. MAYFLY_FUZZ_AGENTS changes their number. */
const CASES = Number(process.env["MAYFLY_FUZZ_AGENTS"] ?? 60);

describeAgentFuzz(pythonAgents[0]!, CASES);

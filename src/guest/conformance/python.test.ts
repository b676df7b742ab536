import { describeAgentConformance } from "./describe-agent-conformance.ts";
import { pythonAgents } from "./testing/python.ts";

for (const agent of pythonAgents) describeAgentConformance(agent);

import { describeAgentConformance } from "./describe-agent-conformance.ts";
import { nodeAgent } from "./testing/node.ts";

describeAgentConformance(nodeAgent);

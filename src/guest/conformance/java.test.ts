import { describeAgentConformance } from "./describe-agent-conformance.ts";
import { javaAgent } from "./testing/java.ts";

describeAgentConformance(await javaAgent());

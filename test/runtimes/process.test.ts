import { describeRuntimeConformance } from "./describe-runtime-conformance.ts";

describeRuntimeConformance("process");

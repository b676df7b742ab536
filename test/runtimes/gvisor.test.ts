import { drivers } from "../platform.ts";
import { describeRuntimeConformance } from "./describe-runtime-conformance.ts";

if (drivers.includes("gvisor")) describeRuntimeConformance("gvisor");

/** On OSv itself: exists only where MAYFLY_OSV_KERNEL names a kernel (docs/osv.md). */
import { describeRuntimeConformance } from "./describe-runtime-conformance.ts";

if (process.env["MAYFLY_OSV_KERNEL"]) describeRuntimeConformance("qemu", "osv");

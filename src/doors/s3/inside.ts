/** S3's protocol for functions, at http://s3.services.mayfly.internal. The host knows the app by the machine, so that signatures are not looked at: a function reaches the buckets that the bindings of its revision name. */
import type { Objects } from "../../services/objects/objects.ts";
import type { Principal } from "../../store/principals/principal.ts";
import type { ServiceDoor } from "../internal/service-door.ts";
import { boundObjects } from "./bound-objects.ts";
import type { S3Door } from "./door.ts";

export function createInsideS3(objects: Objects, door: Pick<S3Door, "answer">): ServiceDoor {
  return {
    async answer({ tenant, app, appName, bindings }, request, response) {
      const names = Object.values(bindings).flatMap((binding) => ("bucket" in binding ? [binding.bucket] : []));
      const principal: Principal = { id: app, name: appName, role: "deployer", tenant, apps: null };
      await door.answer(request, response, { caller: { principal, tenant }, objects: boundObjects(objects, { tenant, app, names }) });
    },
  };
}

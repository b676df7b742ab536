/** Measures the mount that the parameter `folder` names, and replies with the figures. */
import { filesOf, measure } from "./workload.ts";

export default {
  fetch: (request: Request) => {
    const { searchParams } = new URL(request.url);
    return Response.json(measure(filesOf(searchParams.get("folder")!), searchParams.get("own")!));
  },
};

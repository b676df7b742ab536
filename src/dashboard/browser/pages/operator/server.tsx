import { age, bytes, number } from "../../../model/format.ts";
import type { HostDetailsReply, HostReply, StatusReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { useData } from "../../use-data.ts";
import { Fact } from "./facts.tsx";
import { serverNow } from "../../server-time.ts";

export function ServerTab() {
  const status = useData<StatusReply>((signal) => ask("/v1/status", { tenant: "", signal }), ["status"], 10_000);
  const host = useData<HostReply>((signal) => ask("/v1/host", { tenant: "", signal }), ["host"], 60_000);
  const details = useData<HostDetailsReply>((signal) => ask("/v1/host/details", { tenant: "", signal }), ["details"], 10_000);
  return (
    <>
      <Card title="Server" about="As mayfly status says">
        <Shown loaded={status} height={220}>
          {({ version, pid, worker, upSince, restarts, deaths, apps, machines }) => (
            <dl class="facts wide">
              <Fact name="Version" value={version} />
              <Fact name="Gateway" value={host.data?.urls.gateway ?? "–"} />
              <Fact name="Up for" value={age(serverNow() - upSince)} />
              <Fact name="Processes" value={pid === worker ? `${pid} (its id)` : `${pid} watches, ${worker} serves (their ids)`} />
              <Fact name="Apps" value={number(apps)} />
              <Fact name="Machines" value={number(machines)} />
              <Fact
                name="Restarts"
                value={restarts === 0 ? "none" : `${restarts}; the last: ${deaths.at(-1)?.reason ?? "unknown"}`}
                isBad={restarts > 0}
              />
            </dl>
          )}
        </Shown>
      </Card>
      <Shown loaded={details} height={300}>
        {({ driver, kernel, processor, cpus, load, memoryBytes, freeMemoryBytes, limits }) => (
          <>
            <Card title="Driver" about="What machines run by, and why it was chosen">
              <dl class="facts wide">
                <Fact name="Name" value={driver.name} />
                <Fact name="Why" value={driver.detail} isLong />
                <Fact name="Damage to files" value={driver.damage ?? "none"} isBad={driver.damage !== null} />
              </dl>
            </Card>
            <Card title="Host" about="The computer that the server runs on">
              <dl class="facts wide">
                <Fact name="Kernel" value={kernel} />
                <Fact name="Processor" value={`${processor}, ${number(cpus)} CPUs`} />
                <Fact name="Load" value={`${number(load)} processes wanted a CPU in the last minute`} isBad={load > 2 * cpus} />
                <Fact name="Memory" value={`${bytes(freeMemoryBytes)} free of ${bytes(memoryBytes)}`} />
              </dl>
            </Card>
            <Card title="What the server may use" about="Settings, and what the host gives">
              <dl class="facts wide">
                <Fact name="Machines" value={`${number(limits.maxMachines)} at a time (maxMachines)`} />
                <Fact name="Memory" value={`${bytes(limits.maxMemoryMb * 2 ** 20)} of all machines by their kinds (maxMemoryMb)`} />
                <Fact name="vCPUs" value={`${number(limits.maxVcpus)} of all machines (maxVcpus)`} />
                <Fact name="Descriptors" value={`${number(limits.descriptors)} files and connections open at a time (ulimit -n)`} />
                <Fact
                  name="Connections"
                  value={`${number(limits.gatewayConnections)} of callers, ${number(limits.apiConnections)} to this API, ${number(limits.outsideConnections)} from machines to the outside`}
                />
              </dl>
            </Card>
          </>
        )}
      </Shown>
    </>
  );
}

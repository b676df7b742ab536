import "./operator/operator.css";
import type { FunctionComponent } from "preact";
import { hashOf } from "../../model/route.ts";
import { route } from "../location.ts";
import { useCurrentInView } from "../parts/current-in-view.ts";
import { Page } from "../parts/page.tsx";
import { session } from "../session.ts";
import { AuditTab } from "./operator/audit.tsx";
import { CredentialsTab } from "./operator/credentials.tsx";
import { DiskTab } from "./operator/disk.tsx";
import { DoctorTab } from "./operator/doctor.tsx";
import { HostTab } from "./operator/host.tsx";
import { ServerTab } from "./operator/server.tsx";
import { TenantsTab } from "./operator/tenants.tsx";

interface Tab {
  name: string;
  title: string;
  Content: FunctionComponent;
  /** Whether it is of the whole server, and for operators alone. */
  isForOperators: boolean;
}

const tabs: readonly Tab[] = [
  { name: "", title: "Server", Content: ServerTab, isForOperators: true },
  { name: "tenants", title: "Tenants", Content: TenantsTab, isForOperators: true },
  { name: "credentials", title: "Tokens and keys", Content: CredentialsTab, isForOperators: false },
  { name: "audit", title: "Audit log", Content: AuditTab, isForOperators: false },
  { name: "host", title: "Images and templates", Content: HostTab, isForOperators: true },
  { name: "disk", title: "Disk", Content: DiskTab, isForOperators: true },
  { name: "doctor", title: "Doctor", Content: DoctorTab, isForOperators: true },
];

/** For operators and admins of tenants; what is of the whole server, for operators alone. */
export function OperatorPage() {
  const isOperator = session.value?.principal.role === "operator";
  const title = isOperator ? "Operator" : "Administration";
  const seen = tabs.filter(({ isForOperators }) => isOperator || !isForOperators);
  const tab = seen.find(({ name }) => name === (route.value.query.get("tab") ?? "")) ?? seen[0]!;
  const row = useCurrentInView<HTMLElement>(tab.name);
  return (
    <Page
      title={title}
      about={
        isOperator
          ? "The server itself: what it runs on and how full it is, its tenants, who may do what, and what was done."
          : "Your tenant: who may do what, and what was done."
      }
    >
      <nav class="tabs" aria-label={`Parts of ${title}`} ref={row}>
        {seen.map(({ name, title: text }) => (
          <a key={name} href={hashOf([title.toLowerCase()], { tab: name })} aria-current={name === tab.name ? "page" : undefined}>
            {text}
          </a>
        ))}
      </nav>
      <div class="stack">
        <tab.Content key={tab.name} />
      </div>
    </Page>
  );
}

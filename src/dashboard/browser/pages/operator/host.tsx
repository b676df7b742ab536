import { bytes, dateAndTime } from "../../../model/format.ts";
import type { HostDetailsReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Card } from "../../parts/page.tsx";
import { Shown } from "../../parts/shown.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useData } from "../../use-data.ts";

type Image = HostDetailsReply["images"][number];
type Template = HostDetailsReply["templates"][number];

const imageColumns: readonly Column<Image>[] = [
  {
    title: "Image",
    cell: ({ id }) => (
      <code class="nowrap" title={id}>
        {id.slice(0, 16)}
      </code>
    ),
  },
  {
    title: "Names",
    about: "As mayfly image build was told; images that the server made for itself have none.",
    cell: ({ names }) => names.join(", ") || "–",
  },
  { title: "What is in it", cell: ({ modules }) => modules.join(", ") },
  { title: "Kernel", cell: ({ kernel }) => kernel },
  { title: "Size", cell: (image) => bytes(image.bytes), isNumber: true },
  { title: "Built", cell: ({ builtAt }) => dateAndTime(builtAt), isNumber: true },
];

const templateColumns: readonly Column<Template>[] = [
  { title: "Machines", about: "What starts from it: the runtime and kernel, and how many CPUs.", cell: (template) => kindOf(template) },
  { title: "Memory", cell: ({ memoryMb }) => bytes(memoryMb * 2 ** 20), isNumber: true },
  { title: "On the disk", cell: (template) => bytes(template.bytes), isNumber: true },
  { title: "Made", cell: ({ madeAt }) => dateAndTime(madeAt), isNumber: true },
  { title: "Loaded", about: "When a server last took it from the disk.", cell: ({ usedAt }) => dateAndTime(usedAt), isNumber: true },
  {
    title: "Image",
    cell: ({ image }) => (
      <code class="nowrap" title={image}>
        {image.slice(0, 16)}
      </code>
    ),
  },
];

/** A host on which images are developed has hundreds. */
const MOST = 50;

export function HostTab() {
  const details = useData<HostDetailsReply>((signal) => ask("/v1/host/details", { tenant: "", signal }), ["details"], 60_000);
  return (
    <Shown loaded={details} height={300}>
      {({ images, templates }) => (
        <>
          <Card title="Images" about="Kernel and root of machines; mayfly image prune removes those that nothing uses">
            <Table
              label="List of images"
              columns={imageColumns}
              rows={images.slice(0, MOST)}
              keyOf={({ id }) => id}
              empty="No image was built in this cache. The driver process needs none; qemu and gvisor build theirs at their first start, and mayfly image build does."
            />
            {images.length > MOST && (
              <p class="muted">
                The newest {MOST} of {images.length}; mayfly image list shows all.
              </p>
            )}
          </Card>
          <Card title="Templates" about="Booted machines that were frozen: the driver qemu starts others from them">
            <Table
              label="List of templates"
              columns={templateColumns}
              rows={templates.slice(0, MOST)}
              keyOf={(_template, index) => index}
              empty="There is no template. The driver qemu makes one for each kind of machine when it is first needed; other drivers have none."
            />
          </Card>
        </>
      )}
    </Shown>
  );
}

function kindOf({ runtime, kernel, vcpus, accelerator }: Template): string {
  if (runtime === null || kernel === null || vcpus === null) return "made by an older Mayfly, which did not say";
  return `${runtime} on ${kernel}, ${vcpus} vCPU${vcpus === 1 ? "" : "s"}${accelerator === null ? "" : `, ${accelerator}`}`;
}

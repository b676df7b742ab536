import * as grpc from "@grpc/grpc-js";

const bytes = {
  requestSerialize: (each) => each,
  requestDeserialize: (each) => each,
  responseSerialize: (each) => each,
  responseDeserialize: (each) => each,
};
const method = (path, requestStream, responseStream) => ({ path, requestStream, responseStream, ...bytes });
const server = new grpc.Server();
server.addService(
  {
    unary: method("/test.Echo/Unary", false, false),
    fails: method("/test.Echo/Fails", false, false),
    collect: method("/test.Echo/Collect", true, false),
    many: method("/test.Echo/Many", false, true),
    both: method("/test.Echo/Both", true, true),
  },
  {
    unary(call, answer) {
      const trailers = new grpc.Metadata();
      trailers.set("x-trailer", "behind");
      const metadata = new grpc.Metadata();
      metadata.set("x-header", String(call.metadata.get("x-asked")[0]));
      call.sendMetadata(metadata);
      answer(null, Buffer.concat([Buffer.from("echo "), call.request]), trailers);
    },
    fails: (_call, answer) => answer({ code: grpc.status.NOT_FOUND, details: "there is no such thing" }),
    collect(call, answer) {
      const all = [];
      call.on("data", (each) => all.push(each)).on("end", () => answer(null, Buffer.concat(all)));
    },
    many(call) {
      for (let count = 0; count < 100; count += 1) call.write(Buffer.from(`${call.request} ${count}`));
      call.end();
    },
    both(call) {
      call.on("data", (each) => call.write(each)).on("end", () => call.end());
      call.on("cancelled", () => console.log("a call was cancelled"));
    },
  },
);
server.bindAsync(`127.0.0.1:${process.env.PORT}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});

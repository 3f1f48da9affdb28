// The command line that the reference servers share with their C++ twins in examples/.
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    listen: { type: "string", default: "127.0.0.1:0" },
    "ping-interval": { type: "string", default: "25000" },
    "ping-timeout": { type: "string", default: "20000" },
    "connect-timeout": { type: "string", default: "45000" },
    "max-payload": { type: "string", default: "1000000" },
    recovery: { type: "boolean", default: false },
    parser: { type: "string" },
    cookie: { type: "string" },
    "allow-origin": { type: "string", multiple: true },
  },
});

export const recovery = values.recovery;
export const parser = values.parser;

export const engineOptions = {
  pingInterval: Number(values["ping-interval"]),
  pingTimeout: Number(values["ping-timeout"]),
  maxHttpBufferSize: Number(values["max-payload"]),
  ...(values.cookie && { cookie: { name: values.cookie } }),
  ...(values["allow-origin"] && { cors: { origin: values["allow-origin"], credentials: true } }),
};
export const connectTimeout = Number(values["connect-timeout"]);

/** Listens, and says where on the first line of standard output. */
export function listen(httpServer) {
  const [host, port] = values.listen.split(":");
  httpServer.listen(Number(port), host, () => {
    console.log(`listening on http://${host}:${httpServer.address().port}`);
  });
}

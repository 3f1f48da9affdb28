// npm's Engine.IO server; echoes text and binary messages. Its C++ twin is examples/engineio_echo.
import { createServer } from "node:http";
import { attach } from "engine.io";
import { engineOptions, listen } from "./settings.mjs";

const httpServer = createServer((_request, response) => response.writeHead(404).end());
const engine = attach(httpServer, engineOptions);
engine.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
listen(httpServer);

// npm's Socket.IO server with one event for each thing that a server can do, so that a client can
// observe it. Its C++ twin is examples/socketio_reference: the two agree on every name below.
import { createServer } from "node:http";
import { Server } from "socket.io";
import msgpackParser from "socket.io-msgpack-parser";
import { connectTimeout, engineOptions, listen, parser, recovery } from "./settings.mjs";

const httpServer = createServer((_request, response) => response.writeHead(404).end());
const io = new Server(httpServer, {
  ...engineOptions,
  connectTimeout,
  serveClient: false,
  ...(parser === "msgpack" && { parser: msgpackParser }),
  ...(recovery && { connectionStateRecovery: {} }),
});

function refuse(socket, next) {
  if (socket.handshake.auth.refuse !== true) return next();
  next(Object.assign(new Error("refused"), { data: { code: "refused" } }));
}

/** `to` narrowed to a room; null is everybody in the namespace. */
const target = (namespace, room) => (room === null ? namespace : namespace.to(room));

async function answers(emission, event, args) {
  try {
    return { answers: await emission.emitWithAck(event, ...args) };
  } catch (error) {
    return { error: "timeout", answers: error.responses };
  }
}

async function answer(emission, event, args) {
  try {
    return { answer: await emission.emitWithAck(event, ...args) };
  } catch {
    return { error: "timeout" };
  }
}

function onMessages(socket) {
  socket.on("message", (...args) => socket.emit("message-back", ...args));
  socket.on("message-with-ack", (...args) => args.pop()(...args));
  socket.on("volatile", (event, ...args) => socket.volatile.emit(event, ...args));
  socket.on("emit-with-ack", async (timeoutMs, event, ...args) => {
    const ack = args.pop();
    ack(await answer(socket.timeout(timeoutMs), event, args));
  });
  socket.on("close-me", (closeTransport) => socket.disconnect(closeTransport));
  socket.onAny((name, ...args) => {
    if (String(name).startsWith("any-")) socket.emit("any-back", name, ...args);
  });
}

function onRooms(namespace, socket) {
  socket.on("join", (room, ack) => { socket.join(room); ack(); });
  socket.on("leave", (room, ack) => { socket.leave(room); ack(); });
  socket.on("rooms", (ack) => ack([...socket.rooms].filter((room) => room !== socket.id).sort()));
  socket.on("room-emit", (rooms, except, event, ...args) => {
    namespace.to(rooms).except(except).emit(event, ...args);
  });
  socket.on("socket-broadcast", (event, ...args) => socket.broadcast.emit(event, ...args));
  socket.on("broadcast-ack", async (room, timeoutMs, event, ...args) => {
    const ack = args.pop();
    ack(await answers(target(namespace, room).timeout(timeoutMs), event, args));
  });
}

function onManagement(namespace, socket) {
  socket.on("set-data", (value, ack) => { socket.data = value; ack(); });
  socket.on("fetch-sockets", async (room, ack) => {
    const sockets = await target(namespace, room).fetchSockets();
    ack(sockets.map(({ id, rooms, data }) => ({ id, rooms: [...rooms].sort(), data }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)));
  });
  socket.on("sockets-join", (room, joined) => namespace.in(room).socketsJoin(joined));
  socket.on("sockets-leave", (room, left) => namespace.in(room).socketsLeave(left));
  socket.on("disconnect-sockets", (room, close) => namespace.in(room).disconnectSockets(close));
  socket.on("server-side", (event, ...args) => namespace.serverSideEmit(event, ...args));
}

for (const namespace of [io.of("/"), io.of("/custom"), io.of(/^\/dynamic-\d+$/)]) {
  namespace.use(refuse);
  namespace.on("connection", (socket) => {
    onMessages(socket);
    onRooms(socket.nsp, socket);
    onManagement(socket.nsp, socket);
    socket.emit("auth", socket.handshake.auth);
  });
}
listen(httpServer);

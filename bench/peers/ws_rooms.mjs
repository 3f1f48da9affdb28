// The rooms application (src/loadtest/protocol.h) on npm's ws, as its documentation broadcasts.
import { WebSocketServer } from "ws";

const rooms = new Map(); // name -> Set of sockets
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });

server.on("connection", (socket) => {
  let members;
  socket.on("error", console.error);
  socket.on("message", (data, binary) => {
    if (members === undefined && data.subarray(0, 5).toString() === "join ") {
      const room = data.toString().slice(5);
      members = rooms.get(room) ?? new Set();
      rooms.set(room, members.add(socket));
      socket.send("joined");
      return;
    }
    for (const member of members ?? [socket]) member.send(data, { binary });
  });
  socket.on("close", () => members?.delete(socket));
});

server.on("listening", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));

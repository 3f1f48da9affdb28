// The rooms application (src/loadtest/protocol.h) on npm's socket.io, as its documentation writes it.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);

io.on("connection", (socket) => {
  socket.on("join", (room, joined) => {
    socket.data.room = room;
    socket.join(room);
    joined();
  });
  socket.on("message", (text) => {
    if (socket.data.room === undefined) socket.emit("message", text);
    else io.to(socket.data.room).emit("message", text);
  });
});

http.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}`));

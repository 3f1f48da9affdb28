// Socket.IO: rooms, broadcasts, acknowledged broadcasts, and what a server does with many sockets.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { noStatus } from "./raw_websocket.mjs";
import { eventually, Server } from "./server.mjs";
import { Connection } from "./socketio_connection.mjs";

let server, ann, ben, cem;
before(async () => { server = await Server.start("socketio_reference"); });
after(() => server.stop());
beforeEach(async () => {
  [ann, ben, cem] = [await Connection.join(server), await Connection.join(server), await Connection.join(server)];
});
afterEach(async () => {
  await Promise.all([ann, ben, cem].map((connection) => connection.drop()));
  const probe = await Connection.join(server);
  await eventually(async () => (await probe.call("fetch-sockets", null))[0].length === 1, "all are gone");
  await probe.close();
});

const tell = (connection, event, ...args) => connection.send(`2${JSON.stringify([event, ...args])}`);

async function joinRooms() {
  await ann.call("join", "red");
  await ben.call("join", "red");
  await ben.call("join", "blue");
  await cem.call("join", "blue");
}

test("a socket is in the rooms that it joined, each once, and in its own", async () => {
  assert.deepEqual(await ann.call("rooms"), [[]]);
  for (const room of ["b", "a", "b", "€", ""]) await ann.call("join", room);
  assert.deepEqual(await ann.call("rooms"), [["", "a", "b", "€"]]);
  await ann.call("leave", "b");
  await ann.call("leave", "never joined");
  assert.deepEqual(await ann.call("rooms"), [["", "a", "€"]]);
  const [[own]] = await ann.call("fetch-sockets", ann.sid);
  assert.deepEqual(own, { id: ann.sid, rooms: ["", "a", "€", ann.sid].sort(), data: {} });
});

test("an emit without a room reaches everybody, the sender too", async () => {
  tell(ann, "room-emit", [], [], "hello", 1);
  await ann.expect('2["hello",1]');
  for (const connection of [ben, cem]) await connection.expect('2["hello",1]');
});

for (const [what, rooms, except, reached] of [
  ["a room", ["red"], [], ["ann", "ben"]],
  ["two rooms, each socket once", ["red", "blue"], [], ["ann", "ben", "cem"]],
  ["the same room twice", ["red", "red"], [], ["ann", "ben"]],
  ["a room but for the members of another", ["red"], ["blue"], ["ann"]],
  ["everybody but for the members of a room", [], ["red"], ["cem"]],
  ["nobody: the room is excepted", ["red"], ["red"], []],
  ["nobody: the room is empty", ["green"], [], []],
  ["the members, an empty room excepted", ["red"], ["green"], ["ann", "ben"]],
]) {
  test(`an emit reaches ${what}`, async () => {
    await joinRooms();
    tell(cem, "room-emit", rooms, except, "hello", { x: 1 });
    if (reached.includes("cem")) await cem.expect('2["hello",{"x":1}]');
    await cem.expectQuiet(); // so the emit is done
    for (const [name, connection] of Object.entries({ ann, ben })) {
      if (reached.includes(name)) await connection.expect('2["hello",{"x":1}]');
      await connection.expectQuiet();
    }
  });
}

test("a socket's id is its room", async () => {
  tell(ann, "room-emit", [cem.sid], [], "private", 1);
  await ann.expectQuiet();
  await cem.expect('2["private",1]');
  await ben.expectQuiet();
  tell(ann, "room-emit", [], [ann.sid, ben.sid], "others", 2);
  await ann.expectQuiet();
  await ben.expectQuiet();
  await cem.expect('2["others",2]');
});

test("what is sent to a socket alone does not reach who joined the room with its id", async () => {
  const [victim, spy] = await Promise.all([Connection.join(server), Connection.join(server)]);
  await spy.call("join", victim.sid);
  // One by one: npm drops what is volatile while anything else is being written.
  victim.send('2["volatile","whisper","private"]');
  await victim.expect('2["whisper","private"]');
  victim.send('2["message","private"]');
  await victim.expect('2["message-back","private"]');
  victim.send('21["message-with-ack","private"]');
  await victim.expect('31["private"]');
  await spy.expectQuiet();
  await Promise.all([victim.close(), spy.close()]);
});

test("a socket's broadcast reaches all but the sender", async () => {
  tell(ann, "socket-broadcast", "hello", 1);
  await ann.expectQuiet();
  for (const connection of [ben, cem]) {
    await connection.expect('2["hello",1]');
    await connection.expectQuiet();
  }
});

test("a broadcast may carry binary", async () => {
  ann.send('51-["socket-broadcast","bytes",{"_placeholder":true,"num":0}]', [1, 2]);
  for (const connection of [ben, cem]) {
    await connection.expect('51-["bytes",{"_placeholder":true,"num":0}]', Buffer.from([1, 2]));
  }
});

test("rooms and broadcasts end at the namespace", async () => {
  await ben.join("/custom");
  await cem.call("join", "shared");
  ben.send('2/custom,1["join","shared"]');
  await ben.expect("3/custom,1[]");
  tell(ann, "room-emit", ["shared"], [], "hello");
  await ann.expectQuiet();
  await ben.expectQuiet();
  await cem.expect('2["hello"]');
  ben.send('2/custom,["room-emit",[],[],"there"]');
  await ben.expect('2/custom,["there"]');
  await ben.expectQuiet();
  await cem.expectQuiet();
});

test("who leaves a room, a namespace or the server is not reached any more", async () => {
  await joinRooms();
  await ann.call("leave", "red");
  await ben.join("/custom");
  ben.send("1");
  await ben.expectQuiet("/custom");
  tell(cem, "room-emit", ["red"], [], "hello");
  await cem.expectQuiet();
  await ann.expectQuiet();
  await ben.expectQuiet("/custom");
});

test("who joins again starts without rooms", async () => {
  await ann.join("/custom");
  await ann.call("join", "red");
  ann.send("1");
  await ann.expectQuiet("/custom");
  const { sid } = await ann.join();
  assert.notEqual(sid, ann.sid);
  assert.deepEqual(await ann.call("rooms"), [[]]);
});

/** Answers the question that an acknowledged broadcast asked `connection`. */
async function answer(connection, args, event = "question") {
  const packet = await connection.next("the question");
  const [, id] = new RegExp(`^2(\\d+)\\["${event}",1\\]$`).exec(packet) ?? assert.fail(packet);
  connection.send(`3${id}${JSON.stringify(args)}`);
}

test("an acknowledged broadcast collects one answer of each member", async () => {
  await joinRooms();
  ann.send('25["broadcast-ack","red",60000,"question",1]');
  await answer(ann, ["of ann"]);
  await answer(ben, ["of ben"]);
  const packet = await ann.next("the answers");
  assert.ok(packet.startsWith("35["), packet);
  const [{ answers, error }] = JSON.parse(packet.slice(2));
  assert.deepEqual([answers.sort(), error], [["of ann", "of ben"], undefined]);
  await cem.expectQuiet();
});

test("an acknowledged broadcast to nobody has no answers", async () => {
  assert.deepEqual(await ann.call("broadcast-ack", "empty", 60_000, "question", 1), [{ answers: [] }]);
});

test("an acknowledged broadcast that is not answered by all tells those that were", async () => {
  await joinRooms();
  cem.send('25["broadcast-ack","red",300,"question",1]');
  await answer(ben, ["in time"]);
  await cem.expect('35[{"error":"timeout","answers":["in time"]}]');
  await answer(ann, ["late"]);
  await ann.expectQuiet();
  await cem.expectQuiet();
});

test("fetchSockets lists the members, their rooms and data", async () => {
  await joinRooms();
  await ann.call("set-data", { name: "Ann" });
  const byId = (list) => list.sort((a, b) => (a.id < b.id ? -1 : 1));
  const entry = (connection, rooms, data = {}) => ({ id: connection.sid, rooms: [...rooms, connection.sid].sort(), data });
  const [a, b, c] = [entry(ann, ["red"], { name: "Ann" }), entry(ben, ["blue", "red"]), entry(cem, ["blue"])];
  assert.deepEqual(await ben.call("fetch-sockets", "red"), [byId([a, b])]);
  assert.deepEqual(await ben.call("fetch-sockets", "blue"), [byId([b, c])]);
  assert.deepEqual(await ben.call("fetch-sockets", null), [byId([a, b, c])]);
  assert.deepEqual(await ben.call("fetch-sockets", "empty"), [[]]);
});

test("socketsJoin and socketsLeave move all members", async () => {
  await joinRooms();
  tell(cem, "sockets-join", "red", "green");
  await cem.expectQuiet();
  assert.deepEqual(await ann.call("rooms"), [["green", "red"]]);
  assert.deepEqual(await ben.call("rooms"), [["blue", "green", "red"]]);
  assert.deepEqual(await cem.call("rooms"), [["blue"]]);
  tell(cem, "sockets-leave", "blue", "green");
  await cem.expectQuiet();
  assert.deepEqual(await ben.call("rooms"), [["blue", "red"]]);
  assert.deepEqual(await ann.call("rooms"), [["green", "red"]]);
});

test("disconnectSockets makes all members leave the namespace", async () => {
  await joinRooms();
  for (const connection of [ann, ben]) await connection.join("/custom");
  tell(cem, "disconnect-sockets", "red", false);
  await cem.expectQuiet();
  for (const connection of [ann, ben]) {
    await connection.expect("1");
    await connection.expectQuiet("/custom");
  }
});

test("disconnectSockets may close their connections", async () => {
  await joinRooms();
  tell(cem, "disconnect-sockets", "red", true);
  for (const connection of [ann, ben]) {
    await connection.expect("1");
    assert.equal(await connection.ended(), noStatus);
  }
  await cem.expectQuiet();
});

test("serverSideEmit without other servers does nothing", async () => {
  tell(ann, "server-side", "hello", 1);
  for (const connection of [ann, ben, cem]) await connection.expectQuiet();
});

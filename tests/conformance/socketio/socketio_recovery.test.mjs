// Socket.IO's connection state recovery: what a client missed is sent before the CONNECT's answer, which
// has the same ids. Each plain event carries its offset as a last argument.
import assert from "node:assert/strict";
import { mkdtemp, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, errors } from "./polling.mjs";
import { noStatus } from "./raw_websocket.mjs";
import { cloudsyncOnly, eventually, perServer, Server } from "./server.mjs";
import { Connection } from "./socketio_connection.mjs";

let server, other;
before(async () => {
  server = await Server.start("socketio_reference", { recovery: true });
  other = await Connection.join(server);
});
after(() => server.stop());

const idPattern = /^[A-Za-z0-9_-]{20}$/;

/** The arguments of an event (or `type`) without its offset, and the offset. */
function split(packet, prefix = "2") {
  assert.ok(packet.startsWith(prefix), packet);
  const args = JSON.parse(packet.slice(prefix.length));
  const offset = args.pop();
  assert.equal(typeof offset, "string", packet);
  assert.ok(offset.length > 0);
  return { args, offset };
}

/** A client in room "red" that has received one event: {connection, sid, pid, offset}. */
async function joinedClient(namespace = "/", on = server, options) {
  const prefix = namespace === "/" ? "" : `${namespace},`;
  const connection = await Connection.open(on, options);
  connection.send(`0${prefix}{"token":1}`);
  const { sid, pid } = JSON.parse((await connection.next()).slice(1 + prefix.length));
  const { args, offset } = split(await connection.next(), `2${prefix}`);
  assert.deepEqual(args, ["auth", { token: 1 }]);
  connection.send(`2${prefix}1["join","red"]`);
  connection.send(`2${prefix}2["set-data",{"kept":true}]`);
  await connection.expect(`3${prefix}1[]`, `3${prefix}2[]`);
  return { connection, sid, pid, offset };
}

/** The client's connection is lost, and the server has noticed. */
async function lose({ connection, sid }) {
  await connection.drop();
  await eventually(async () => (await other.call("fetch-sockets", sid))[0].length === 0, "the loss is noticed");
}

/** Comes back with `auth`: the packets before the CONNECT's answer, the answer, and the connection
    with the offset of its first event. */
async function comeBack(auth, prefix = "", on = server, options) {
  const connection = await Connection.open(on, options);
  connection.send(`0${prefix}${JSON.stringify(auth)}`);
  const missed = [];
  let packet = await connection.next("what was missed");
  while (Buffer.isBuffer(packet) || !packet.startsWith(`0${prefix}{`)) {
    assert.ok(Buffer.isBuffer(packet) || !packet.startsWith("4"), `refused: ${packet}`);
    missed.push(packet);
    packet = await connection.next("the CONNECT's answer");
  }
  const answer = JSON.parse(packet.slice(1 + prefix.length));
  const { args, offset } = split(await connection.next(), `2${prefix}`);
  assert.equal(args[0], "auth");
  return { missed, answer, connection, offset };
}

async function assertFresh(client, auth) {
  const { missed, answer, connection } = await comeBack(auth);
  assert.deepEqual(missed, []);
  assert.notEqual(answer.sid, client.sid);
  assert.notEqual(answer.pid, client.pid);
  assert.match(answer.pid, idPattern);
  assert.deepEqual(await connection.call("rooms"), [[]]);
  await connection.close();
}

/** Something to miss, sent by `other`; its own copy is read away. */
async function emitToRed(...args) {
  other.send(`2${JSON.stringify(["room-emit", ["red"], [], ...args])}`);
  await other.expectQuiet();
}

test("CONNECT's answer has a public and a private id", async () => {
  const { connection, sid, pid } = await joinedClient();
  assert.match(sid, idPattern);
  assert.match(pid, idPattern);
  assert.notEqual(sid, pid);
  assert.notEqual(pid, connection.engineSid);
  await connection.close();
});

test("every plain event carries an offset of its own, whatever sent it", async () => {
  const { connection, offset } = await joinedClient();
  connection.send('2["message",1]');
  const own = split(await connection.next());
  assert.deepEqual(own.args, ["message-back", 1]);
  await emitToRed("to-room");
  const ofRoom = split(await connection.next());
  assert.deepEqual(ofRoom.args, ["to-room"]);
  other.send('2["socket-broadcast","to-all","a string"]');
  const ofAll = split(await connection.next());
  assert.deepEqual(ofAll.args, ["to-all", "a string"]);
  assert.equal(new Set([offset, own.offset, ofRoom.offset, ofAll.offset]).size, 4);
  await connection.close();
});

test("a binary event carries it in its text", async () => {
  const { connection } = await joinedClient();
  connection.send('51-["message",{"_placeholder":true,"num":0}]', [1, 2]);
  const { args } = split(await connection.next(), "51-");
  assert.deepEqual(args, ["message-back", { _placeholder: true, num: 0 }]);
  assert.deepEqual(await connection.next(), Buffer.from([1, 2]));
  await connection.close();
});

test("acknowledgements, events that ask for one, and volatile ones carry none", async () => {
  const { connection } = await joinedClient();
  connection.send('25["message-with-ack","x"]');
  await connection.expect('35["x"]');
  connection.send('2["volatile","now",1]');
  await connection.expect('2["now",1]');
  connection.send('26["emit-with-ack",60000,"question","x"]');
  assert.match(await connection.next(), /^2\d+\["question","x"\]$/);
  connection.send('27["broadcast-ack","red",60000,"everybody","x"]');
  assert.match(await connection.next(), /^2\d+\["everybody","x"\]$/);
  await connection.close();
});

// A client takes any string at the end of an event for its offset, and could not resume with "Ann".
test("a volatile event that ends with a string does not spoil the client's offset", async () => {
  const client = await joinedClient();
  client.connection.send('2["volatile","typing","Ann"]');
  const args = JSON.parse((await client.connection.next()).slice(1));
  const wasKept = perServer({ cloudsync: true, node: false,
    reason: "npm sends it as it is; ours adds the offset of the event before it" });
  assert.deepEqual(args.slice(0, 2), ["typing", "Ann"]);
  assert.equal(args.length, wasKept ? 3 : 2);
  await lose(client);
  await emitToRed("missed");
  const { missed, answer, connection } = await comeBack({ pid: client.pid, offset: args.at(-1) });
  assert.equal(answer.sid === client.sid, wasKept);
  assert.deepEqual(missed.map((packet) => split(packet).args), wasKept ? [["missed"]] : []);
  await connection.close();
});

test("a client that comes back gets what it missed, in order, and its ids, rooms and data", async () => {
  const client = await joinedClient();
  await lose(client);
  await emitToRed("one", 1);
  other.send('2["socket-broadcast","two"]');
  other.send('2["room-emit",["red","blue"],["green"],"three",{"x":[null]}]');
  await other.expectQuiet();
  const { missed, answer, connection } = await comeBack({ pid: client.pid, offset: client.offset });
  assert.deepEqual(missed.map((packet) => split(packet).args), [["one", 1], ["two"], ["three", { x: [null] }]]);
  assert.deepEqual(answer, { sid: client.sid, pid: client.pid });
  assert.deepEqual(await connection.call("rooms"), [["red"]]);
  assert.deepEqual(await connection.call("fetch-sockets", client.sid),
    [[{ id: client.sid, rooms: ["red", client.sid].sort(), data: { kept: true } }]]);
  await emitToRed("live");
  assert.deepEqual(split(await connection.next()).args, ["live"]);
  await connection.close();
});

test("only what is behind the client's offset is sent again", async () => {
  const client = await joinedClient();
  for (const name of ["one", "two", "three"]) await emitToRed(name);
  await client.connection.next();
  const { offset } = split(await client.connection.next());
  await lose(client);
  await emitToRed("four");
  const { missed, connection } = await comeBack({ pid: client.pid, offset });
  assert.deepEqual(missed.map((packet) => split(packet).args), [["three"], ["four"]]);
  await connection.close();
});

test("a client can be lost again and again", async () => {
  const client = await joinedClient();
  for (let i = 0; i < 3; ++i) {
    await lose(client);
    await emitToRed("hello", i);
    const { missed, answer, ...back } = await comeBack({ pid: client.pid, offset: client.offset });
    assert.deepEqual(missed.map((packet) => split(packet).args), [["hello", i]]);
    assert.equal(answer.sid, client.sid);
    Object.assign(client, back);
  }
  await client.connection.close();
});

test("missed binary events bring their attachments", async () => {
  const client = await joinedClient();
  await lose(client);
  other.send('52-["room-emit",["red"],[],"bytes",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', [1, 2], [3]);
  await emitToRed("behind");
  const { missed, connection } = await comeBack({ pid: client.pid, offset: client.offset });
  assert.deepEqual(split(missed[0], "52-").args, ["bytes", { _placeholder: true, num: 0 }, { _placeholder: true, num: 1 }]);
  assert.deepEqual(missed.slice(1, 3), [Buffer.from([1, 2]), Buffer.from([3])]);
  assert.deepEqual(split(missed[3]).args, ["behind"]);
  assert.equal(missed.length, 4);
  await connection.close();
});

test("what was not for the client is not sent", async () => {
  const client = await joinedClient();
  await lose(client);
  other.send('2["room-emit",["blue"],[],"other room"]');
  other.send('2["room-emit",[],["red"],"excepted"]');
  other.send(`2["room-emit",[],["${client.sid}"],"excepted by id"]`);
  other.send('2["message","of another socket"]');
  await other.next(); // "excepted" and "excepted by id" reach it, and so does its own
  await other.next();
  await other.next();
  await emitToRed("for red");
  other.send(`2["room-emit",["${client.sid}"],[],"for its id"]`);
  await other.expectQuiet();
  const { missed, connection } = await comeBack({ pid: client.pid, offset: client.offset });
  assert.deepEqual(missed.map((packet) => split(packet).args), [["for red"], ["for its id"]]);
  await connection.close();
});

test("events that asked for an acknowledgement are not sent again", async () => {
  const client = await joinedClient();
  await lose(client);
  await other.call("broadcast-ack", "red", 50, "question");
  await emitToRed("plain");
  const { missed, connection } = await comeBack({ pid: client.pid, offset: client.offset });
  assert.deepEqual(missed.map((packet) => split(packet).args), [["plain"]]);
  await connection.close();
});

test("whether the middlewares ask a client that comes back", async () => {
  const client = await joinedClient();
  await lose(client);
  const connection = await Connection.open(server);
  connection.send(`0${JSON.stringify({ pid: client.pid, offset: client.offset, refuse: true })}`);
  assert.equal(await connection.next(), perServer({
    cloudsync: '4{"message":"refused","data":{"code":"refused"}}',
    node: JSON.stringify({ sid: client.sid, pid: client.pid }).replace(/^/, "0"),
    reason: "npm skips them by default; what a client may do is asked again before anything is replayed",
  }));
  await connection.close();
});

test("each namespace is recovered by itself", async () => {
  const client = await joinedClient("/custom");
  const watcher = await Connection.join(server, "/custom");
  await client.connection.drop();
  await eventually(async () => {
    watcher.send(`2/custom,1["fetch-sockets","${client.sid}"]`);
    return (await watcher.next()) === "3/custom,1[[]]";
  }, "the loss is noticed");
  watcher.send('2/custom,["room-emit",["red"],[],"missed"]');
  await watcher.expectQuiet("/custom");
  await emitToRed("of the main namespace");
  const auth = { pid: client.pid, offset: client.offset };
  await assertFresh(client, auth); // in the main namespace nobody knows it
  const { missed, answer, connection } = await comeBack(auth, "/custom,");
  assert.deepEqual(missed.map((packet) => split(packet, "2/custom,").args), [["missed"]]);
  assert.equal(answer.sid, client.sid);
  await Promise.all([connection.close(), watcher.close()]);
});

for (const [what, auth] of [
  ["an unknown pid", { pid: "unknown-unknown-1234" }], ["the public id for the private one", { pid: null }],
  ["an empty pid", { pid: "" }], ["pid __proto__", { pid: "__proto__" }], ["a pid that is a number", { pid: 7 }],
  ["an unknown offset", { offset: "unknown" }], ["an empty offset", { offset: "" }],
  ["an offset that is a number", { offset: 7 }], ["an offset that is an object", { offset: { toString: "x" } }],
]) {
  test(`${what} is an ordinary CONNECT`, async () => {
    const client = await joinedClient();
    await lose(client);
    await emitToRed("missed");
    const { pid, offset } = client;
    await assertFresh(client, { pid, offset, ...auth, ...(auth.pid === null && { pid: client.sid }) });
  });
}

test("without an offset a client gets what there was since its CONNECT",
  cloudsyncOnly("npm asks for an offset, which only an event brings (socket.io#5538)"), async () => {
    const client = await joinedClient();
    await lose(client);
    await emitToRed("missed");
    const { missed, answer, connection } = await comeBack({ pid: client.pid });
    assert.equal(answer.sid, client.sid);
    assert.deepEqual(missed.map((packet) => split(packet).args), [["auth", { token: 1 }], ["missed"]]);
    await connection.close();
  });

for (const [what, leave] of [
  ["the client left the namespace", async ({ connection }) => {
    connection.send("1");
  }],
  ["the server made it leave", async ({ connection }) => {
    connection.send('2["close-me",false]');
    await connection.expect("1");
  }],
  ["the server closed its connection by its own will", async ({ connection }) => {
    connection.send('2["close-me",true]');
    await connection.expect("1");
    assert.equal(await connection.ended(), noStatus);
  }],
]) {
  test(`nothing is kept if ${what}`, async () => {
    const client = await joinedClient();
    await leave(client);
    await lose(client);
    await emitToRed("missed");
    await assertFresh(client, { pid: client.pid, offset: client.offset });
  });
}

test("it is kept if the client broke the protocol", async () => {
  const client = await joinedClient();
  client.connection.send("9");
  assert.equal(await client.connection.ended(), noStatus);
  await lose(client);
  const { answer, connection } = await comeBack({ pid: client.pid, offset: client.offset });
  assert.equal(answer.sid, client.sid);
  await connection.close();
});

test("a client that is back before its loss was noticed takes its session over",
  cloudsyncOnly("npm keeps a session only once the old connection has ended (socket.io#4880)"), async () => {
    const client = await joinedClient();
    await emitToRed("seen or not");
    const { missed, answer, connection } = await comeBack({ pid: client.pid, offset: client.offset });
    assert.equal(answer.sid, client.sid);
    assert.deepEqual(missed.map((packet) => split(packet).args), [["seen or not"]]);
    await client.connection.ended("the end of the connection that was taken over");
    assert.deepEqual(await connection.call("rooms"), [["red"]]);
    await connection.close();
  });

test("what was missed is found again after an orderly restart",
  cloudsyncOnly("npm's adapter in memory forgets it (socket.io#5413)"), async () => {
    const file = join(await mkdtemp(join(tmpdir(), "recovery-")), "state.json");
    const settings = { recovery: true, "recovery-file": file };
    const first = await Server.start("socketio_reference", settings);
    const client = await joinedClient("/", first);
    const sender = await Connection.join(first);
    await client.connection.drop();
    await eventually(async () => (await sender.call("fetch-sockets", client.sid))[0].length === 0, "the loss is noticed");
    sender.send('51-["room-emit",["red"],[],"bytes",{"_placeholder":true,"num":0}]', [1, 2]);
    await sender.expectQuiet();
    first.process.kill("SIGTERM");
    await first.exited;
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const second = await Server.start("socketio_reference", settings);
    await assert.rejects(stat(file), "the state is taken, once");
    const { missed, answer, connection } = await comeBack({ pid: client.pid, offset: client.offset }, "", second);
    assert.deepEqual(answer, { sid: client.sid, pid: client.pid });
    assert.deepEqual(split(missed[0], "51-").args, ["bytes", { _placeholder: true, num: 0 }]);
    assert.deepEqual(missed.slice(1), [Buffer.from([1, 2])]);
    assert.deepEqual(await connection.call("rooms"), [["red"]]);
    await connection.close();
    await second.stop();
  });

test("somebody else resumes nothing with a stolen pid, and disturbs nobody",
  cloudsyncOnly("npm's sessions have no user"), async () => {
    const guarded = await Server.start("socketio_reference", { recovery: true, "session-cookie": "user" });
    const as = (user) => ({ headers: { Cookie: `user=${user}`, Origin: guarded.url } });
    const client = await joinedClient("/", guarded, as("ann"));
    const stolen = { pid: client.pid, offset: client.offset };
    const thief = await comeBack(stolen, "", guarded, as("eve"));
    assert.notEqual(thief.answer.sid, client.sid);
    assert.deepEqual(await client.connection.call("rooms"), [["red"]]);
    await client.connection.drop();
    await eventually(async () => (await thief.connection.call("fetch-sockets", client.sid))[0].length === 0, "the loss is noticed");
    const again = await comeBack(stolen, "", guarded, as("eve"));
    assert.deepEqual([again.missed, again.answer.sid === client.sid], [[], false]);
    const { answer, connection } = await comeBack(stolen, "", guarded, as("ann"));
    assert.equal(answer.sid, client.sid);
    await Promise.all([connection.close(), thief.connection.close(), again.connection.close()]);
    await guarded.stop();
  });

test("a session is continued with the cookie that opened it alone",
  cloudsyncOnly("npm asks nobody who has the sid"), async () => {
    const guarded = await Server.start("socketio_reference", { "session-cookie": "user" });
    const as = (user) => ({ Origin: guarded.url, ...(user && { Cookie: `user=${user}` }) });
    const opened = await ask(guarded, { headers: as("ann") });
    const query = `&sid=${JSON.parse(opened.body.slice(1)).sid}`;
    for (const user of ["eve", undefined]) {
      for (const request of [{ method: "POST", body: "40" }, {}]) {
        const { status, body } = await ask(guarded, { ...request, query, headers: as(user) });
        assert.deepEqual([status, JSON.parse(body)], [400, errors.sessionUnknown]);
      }
      await assert.rejects(Connection.open(guarded, { query, headers: as(user) }));
    }
    assert.equal((await ask(guarded, { method: "POST", body: "40", query, headers: as("ann") })).body, "ok");
    await guarded.stop();
  });

// Socket.IO v5: joining and leaving namespaces, and what ends the connection.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { noStatus, textFrame } from "./raw_websocket.mjs";
import { eventually, perServer, Server } from "./server.mjs";
import { Connection } from "./socketio_connection.mjs";
import { PollingSession, separator } from "./polling.mjs";

let server;
before(async () => { server = await Server.start("socketio_reference"); });
after(() => server.stop());

const idPattern = /^[A-Za-z0-9_-]{20}$/;

test("nothing is sent before the client's CONNECT", async () => {
  const connection = await Connection.open(server);
  connection.send("0");
  assert.match(await connection.next(), /^0\{"sid":"/);
  await connection.close();
});

test("CONNECT is answered with an id of 20 characters that is not the session's", async () => {
  const connection = await Connection.open(server);
  connection.send("0");
  const answer = JSON.parse((await connection.next()).slice(1));
  assert.deepEqual(Object.keys(answer), ["sid"]);
  assert.match(answer.sid, idPattern);
  assert.notEqual(answer.sid, connection.engineSid);
  await connection.expect('2["auth",{}]');
  await connection.close();
});

test("CONNECT's payload reaches the application", async () => {
  for (const auth of ['{"token":"123"}', '{"a":[1,2,{"b":null}],"é":"€"}', '{"__proto__x":1}', "{}"]) {
    const connection = await Connection.open(server);
    connection.send(`0${auth}`);
    assert.match(await connection.next(), /^0\{/);
    await connection.expect(`2["auth",${auth}]`);
    await connection.close();
  }
});

test("a namespace has its own id and events", async () => {
  const connection = await Connection.join(server);
  connection.send('0/custom,{"token":"abc"}');
  const answer = await connection.next();
  assert.ok(answer.startsWith("0/custom,{"), answer);
  const { sid } = JSON.parse(answer.slice("0/custom,".length));
  assert.match(sid, idPattern);
  assert.notEqual(sid, connection.sid);
  await connection.expect('2/custom,["auth",{"token":"abc"}]');
  connection.send('2/custom,["message","there"]');
  connection.send('2["message","here"]');
  await connection.expect('2/custom,["message-back","there"]', '2["message-back","here"]');
  await connection.close();
});

test("a namespace needs no main one, and no comma", async () => {
  const connection = await Connection.open(server);
  connection.send("0/custom");
  assert.match(await connection.next(), /^0\/custom,\{"sid":"/);
  await connection.expect('2/custom,["auth",{}]');
  await connection.close();
});

test("the main namespace may be named", async () => {
  const connection = await Connection.open(server);
  connection.send('0/,{"a":1}');
  assert.match(await connection.next(), /^0\{"sid":"/);
  await connection.expect('2["auth",{"a":1}]');
  connection.send('2/,["message",1]');
  await connection.expect('2["message-back",1]');
  await connection.close();
});

test("an unknown namespace is refused, the connection stays", async () => {
  const connection = await Connection.join(server);
  // A query is part of the name in version 5.
  for (const name of ["/random", "/custom?x=1", "/Custom", "//", "/custom/", "/__proto__", "/dynamic-", "/dynamic-1x", "/a b"]) {
    connection.send(`0${name},{"a":1}`);
    await connection.expect(`4${name},{"message":"Invalid namespace"}`);
  }
  await connection.expectQuiet();
  await connection.close();
});

test("a dynamic namespace is made on demand, one for all who join it", async () => {
  const [one, other] = [await Connection.join(server, "/dynamic-101"), await Connection.join(server, "/dynamic-101")];
  const third = await Connection.join(server, "/dynamic-102");
  one.send('2/dynamic-101,["socket-broadcast","hello",1]');
  await other.expect('2/dynamic-101,["hello",1]');
  await one.expectQuiet("/dynamic-101");
  await third.expectQuiet("/dynamic-102");
  await Promise.all([one, other, third].map((connection) => connection.close()));
});

test("a middleware's refusal has message and data, and the client may try again", async () => {
  for (const name of ["", "/custom,", "/dynamic-103,"]) {
    const connection = await Connection.open(server);
    for (let i = 0; i < 3; ++i) {
      connection.send(`0${name}{"refuse":true}`);
      const answer = await connection.next();
      assert.ok(answer.startsWith(`4${name}{`), answer);
      assert.deepEqual(JSON.parse(answer.slice(1 + name.length)), { message: "refused", data: { code: "refused" } });
    }
    connection.send(`0${name}{}`);
    assert.ok((await connection.next()).startsWith(`0${name}{"sid":`));
    await connection.close();
  }
});

test("events to a refused namespace end the connection", async () => {
  const connection = await Connection.open(server);
  connection.send('0{"refuse":true}');
  assert.match(await connection.next(), /^4\{/);
  connection.send('2["message"]');
  assert.equal(await connection.ended(), noStatus);
});

test("a client leaves one namespace, the others stay", async () => {
  const connection = await Connection.join(server);
  await connection.join("/custom");
  connection.send("1/custom,");
  await connection.expectQuiet();
  const { sid } = await connection.join("/custom");
  assert.match(sid, idPattern);
  connection.send("1");
  connection.send('2/custom,["message",1]');
  await connection.expect('2/custom,["message-back",1]');
  await connection.close();
});

test("the server makes a client leave one namespace, the connection stays", async () => {
  const connection = await Connection.join(server);
  await connection.join("/custom");
  connection.send('2/custom,["close-me",false]');
  await connection.expect("1/custom,");
  await connection.expectQuiet();
  connection.send('2["close-me",false]');
  await connection.expect("1");
  assert.match((await connection.join()).sid, idPattern);
  await connection.close();
});

test("the server closes the connection with all its namespaces", async () => {
  const connection = await Connection.join(server);
  await connection.join("/custom");
  connection.send('2["close-me",true]');
  assert.equal(await connection.ended(), noStatus);
  // npm says so in each namespace; the close alone tells a client as much.
  for (const message of connection.socket.messages) assert.ok(["41", "41/custom,"].includes(message), message);
});

const violations = {
  "a second CONNECT": ["0"],
  "a second CONNECT with a payload": ["0{}"],
  "an event to a namespace that was not joined": ['2/custom,["message"]'],
  "an event to a namespace that does not exist": ['2/random,["message"]'],
  "a DISCONNECT of a namespace that was not joined": ["1/custom,"],
  "an ack to a namespace that was not joined": ["3/custom,1[]"],
  "a CONNECT_ERROR": ['4{"message":"x"}'],
};
for (const [what, packets] of Object.entries(violations)) {
  test(`${what} closes the connection`, async () => {
    const connection = await Connection.join(server);
    for (const packet of packets) connection.send(packet);
    assert.equal(await connection.ended(), noStatus);
  });
}

test("an event after the DISCONNECT closes the connection", async () => {
  const connection = await Connection.join(server);
  await connection.join("/custom");
  connection.send("1");
  await connection.expectQuiet("/custom");
  connection.send('2["message"]');
  assert.equal(await connection.ended(), noStatus);
});

test("an event before the CONNECT closes the connection", async () => {
  for (const packet of ['2["message"]', "1", "3[]", '21["message-with-ack"]', '51-["message",{"_placeholder":true,"num":0}]']) {
    const connection = await Connection.open(server);
    connection.send(packet, ...(packet[0] === "5" ? [[1]] : []));
    assert.equal(await connection.ended(), noStatus, packet);
  }
});

test("two CONNECTs at once are one too many", async () => {
  const connection = await Connection.open(server);
  connection.socket.write(Buffer.concat([textFrame("40"), textFrame("40")]));
  const isJoinedTwice = perServer({
    cloudsync: false, node: true, reason: "npm runs its middlewares before it takes note, so both pass" });
  if (!isJoinedTwice) return assert.equal(await connection.ended(), noStatus);
  for (const expected of [/^0/, /^0/]) {
    let packet = await connection.next();
    while (packet.startsWith("2")) packet = await connection.next();
    assert.match(packet, expected);
  }
  await connection.close();
});

test("who joins nothing in connect-timeout is closed", async () => {
  const impatient = await Server.start("socketio_reference", { "connect-timeout": 200 });
  const [idle, refused, joined] = [await Connection.open(impatient), await Connection.open(impatient), await Connection.open(impatient)];
  refused.send('0{"refuse":true}');
  assert.match(await refused.next(), /^4\{/);
  await joined.join("/custom");
  assert.equal(await idle.ended(), noStatus);
  assert.equal(await refused.ended(), noStatus);
  await joined.expectQuiet("/custom");
  const polling = await PollingSession.open(impatient);
  await eventually(async () => (await polling.get()).status === 400, "the polling session's end");
  await impatient.stop();
});

test("over polling it is the same", async () => {
  const session = await PollingSession.open(server);
  assert.equal((await session.post(["40", '40/custom,{"a":1}', "40/random,"].join(separator))).body, "ok");
  const packets = [];
  while (packets.length < 5) packets.push(...await session.packets());
  assert.match(packets.find((packet) => packet.startsWith("40{")), /^40\{"sid":"[^"]{20}"\}$/);
  assert.match(packets.find((packet) => packet.startsWith("40/custom,{")), /^40\/custom,\{"sid":"[^"]{20}"\}$/);
  for (const expected of ['42["auth",{}]', '42/custom,["auth",{"a":1}]', '44/random,{"message":"Invalid namespace"}']) {
    assert.ok(packets.includes(expected), expected);
  }
  await session.post('42["message","x"]');
  assert.deepEqual(await session.packets(), ['42["message-back","x"]']);
});

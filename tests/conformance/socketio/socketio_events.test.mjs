// Socket.IO v5: events, acknowledgements, binary, volatile and catch-all; and what is no packet.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { PollingSession, separator } from "./polling.mjs";
import { noStatus } from "./raw_websocket.mjs";
import { perServer, Server, sleep } from "./server.mjs";
import { Connection } from "./socketio_connection.mjs";

let server;
before(async () => { server = await Server.start("socketio_reference"); });
after(() => server.stop());

/** Runs `test` with a connection that has joined the main namespace. */
const joined = (body) => async () => {
  const connection = await Connection.join(server);
  await body(connection);
  await connection.close();
};

const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;

test("an event's arguments are any JSON values, or none", joined(async (connection) => {
  for (const args of [
    "", ",1", ',"two",{"three":[4,null,true]}', ",-1.5,0", ',"\\u0000\\"\\\\€👋"', ",[],{},[[]]", ',"0{\\"1-[","2,3"', ",null",
  ]) {
    connection.send(`2["message"${args}]`);
    await connection.expect(`2["message-back"${args}]`);
  }
}));

test("space between tokens does not matter", joined(async (connection) => {
  connection.send('2[ "message" ,\n\t{ "a" : 1 } ]');
  const packet = await connection.next();
  assert.deepEqual(JSON.parse(packet.slice(1)), ["message-back", { a: 1 }]);
}));

test("an event's name may be a number, or one that other protocols reserve", joined(async (connection) => {
  for (const name of ["5", "0", '"error"', '"message-unknown"', '"__proto__"', '"constructor"', '""']) connection.send(`2[${name},1]`);
  await connection.expectQuiet();
}));

test("order is kept", joined(async (connection) => {
  for (let i = 0; i < 200; ++i) connection.send(`2["message",${i}]`);
  for (let i = 0; i < 200; ++i) await connection.expect(`2["message-back",${i}]`);
}));

test("an acknowledgement carries the event's id and arguments", joined(async (connection) => {
  for (const id of ["0", "456", "1", "9007199254740991"]) {
    connection.send(`2${id}["message-with-ack",1,"2",{"3":[false]}]`);
    await connection.expect(`3${id}[1,"2",{"3":[false]}]`);
  }
  connection.send('27["message-with-ack"]');
  await connection.expect("37[]");
}));

test("ids belong to the namespace", joined(async (connection) => {
  await connection.join("/custom");
  connection.send('2/custom,1["message-with-ack","there"]');
  connection.send('21["message-with-ack","here"]');
  await connection.expect('3/custom,1["there"]', '31["here"]');
}));

test("an event that asks for no acknowledgement gets none", joined(async (connection) => {
  connection.send('2["message","x"]');
  await connection.expect('2["message-back","x"]');
  await connection.expectQuiet();
}));

/** Makes the server ask for an acknowledgement; resolves with the id it asks with. */
async function question(connection, id, timeoutMs = 60_000) {
  connection.send(`2${id}["emit-with-ack",${timeoutMs},"question",${id}]`);
  const packet = await connection.next("the question");
  const [, asked] = /^2(\d+)\["question",\d+\]$/.exec(packet) ?? assert.fail(packet);
  return asked;
}

test("the server asks for acknowledgements, each with an id of its own", joined(async (connection) => {
  const asked = new Set();
  for (let i = 0; i < 5; ++i) {
    const id = await question(connection, i);
    asked.add(id);
    connection.send(`3${id}["answer",${i}]`);
    await connection.expect(`3${i}[{"answer":"answer"}]`);
  }
  assert.equal(asked.size, 5);
}));

test("acknowledgements may come in any order", joined(async (connection) => {
  const asked = [];
  for (let i = 0; i < 3; ++i) asked.push(await question(connection, i));
  for (const i of [2, 0, 1]) {
    connection.send(`3${asked[i]}[${i}]`);
    await connection.expect(`3${i}[{"answer":${i}}]`);
  }
}));

test("an acknowledgement that does not come in time is a timeout, later it is ignored", joined(async (connection) => {
  const id = await question(connection, 9, 50);
  await connection.expect('39[{"error":"timeout"}]');
  connection.send(`3${id}["late"]`);
  await connection.expectQuiet();
}));

test("unknown and repeated acknowledgements are ignored", joined(async (connection) => {
  const id = await question(connection, 9);
  for (const unknown of ["999999", "999999999999"]) connection.send(`3${unknown}["unknown"]`);
  for (const args of ['["first"]', '["second"]', "[]"]) connection.send(`3${id}${args}`);
  await connection.expect('39[{"answer":"first"}]');
  await connection.expectQuiet();
}));

test("another client's acknowledgement does not count", joined(async (connection) => {
  const id = await question(connection, 9);
  const other = await Connection.join(server);
  other.send(`3${id}["forged"]`);
  await other.expectQuiet();
  await connection.expectQuiet();
  connection.send(`3${id}["own"]`);
  await connection.expect('39[{"answer":"own"}]');
  await other.close();
}));

test("binary arguments follow their event in order, at any depth", joined(async (connection) => {
  const packet = `["message",${placeholder(0)},"text",{"deep":[${placeholder(1)}]}]`;
  connection.send(`52-${packet}`, [1, 2, 3], [4, 5]);
  await connection.expect(`52-${packet.replace("message", "message-back")}`, Buffer.from([1, 2, 3]), Buffer.from([4, 5]));
}));

test("attachments may be empty, large, and ten", joined(async (connection) => {
  const attachments = Array.from({ length: 10 }, (_, i) => Buffer.alloc(i * 5000, i));
  const list = attachments.map((_, i) => placeholder(i)).join();
  connection.send(`510-["message",${list}]`, ...attachments);
  await connection.expect(`510-["message-back",${list}]`, ...attachments);
}));

test("placeholders name their attachment, whatever their order", joined(async (connection) => {
  connection.send(`52-["message",${placeholder(1)},${placeholder(0)}]`, [1], [2]);
  // npm numbers them anew, in the order of their appearance; who passes them on as they are is right, too.
  const packet = await connection.next();
  const attachments = [await connection.next(), await connection.next()];
  const values = JSON.parse(packet.slice(3), (_key, value) => (value?._placeholder ? [...attachments[value.num]] : value));
  assert.deepEqual(values, ["message-back", [2], [1]]);
}));

test("binary acknowledgements, both ways", joined(async (connection) => {
  connection.send(`52-78["message-with-ack",${placeholder(0)},${placeholder(1)}]`, [1, 2, 3], [4]);
  await connection.expect(`62-78[${placeholder(0)},${placeholder(1)}]`, Buffer.from([1, 2, 3]), Buffer.from([4]));
  const id = await question(connection, 9);
  connection.send(`61-${id}[${placeholder(0)}]`, [7, 8]);
  await connection.expect(`61-9[{"answer":${placeholder(0)}}]`, Buffer.from([7, 8]));
}));

test("binary in another namespace", joined(async (connection) => {
  await connection.join("/custom");
  connection.send(`51-/custom,["message",${placeholder(0)}]`, [1]);
  await connection.expect(`51-/custom,["message-back",${placeholder(0)}]`, Buffer.from([1]));
}));

test("a plain event's placeholders are ordinary objects", joined(async (connection) => {
  connection.send(`2["message",${placeholder(0)}]`);
  await connection.expect(`2["message-back",${placeholder(0)}]`);
}));

test("over polling binary is base64", async () => {
  const session = await PollingSession.open(server);
  await session.post("40");
  const packets = [];
  while (packets.length < 2) packets.push(...await session.packets());
  await session.post([`451-["message",${placeholder(0)}]`, "bAQIDBA=="].join(separator));
  const answer = [];
  while (answer.length < 2) answer.push(...await session.packets());
  assert.deepEqual(answer, [`451-["message-back",${placeholder(0)}]`, "bAQIDBA=="]);
});

test("a volatile event is sent to who can be written to, without an id", joined(async (connection) => {
  connection.send('2["volatile","now",1,{"a":2}]');
  await connection.expect('2["now",1,{"a":2}]');
}));

test("a volatile event is dropped for a polling client that holds no GET", async () => {
  const session = await PollingSession.open(server);
  await session.post("40");
  const packets = [];
  while (packets.length < 2) packets.push(...await session.packets());
  await session.post(['42["volatile","lost"]', '42["message","kept"]'].join(separator));
  assert.deepEqual(await session.packets(), ['42["message-back","kept"]']);
  const held = await session.hold();
  await session.post('42["volatile","seen"]');
  assert.equal((await held.answer).body, '42["seen"]');
});

test("a catch-all listener sees every event", joined(async (connection) => {
  connection.send('2["any-thing",1,"two"]');
  connection.send(`51-["any-binary",${placeholder(0)}]`, [9]);
  await connection.expect('2["any-back","any-thing",1,"two"]', `51-["any-back","any-binary",${placeholder(0)}]`, Buffer.from([9]));
}));

test("an event that the server does not know is ignored, and its acknowledgement never comes", joined(async (connection) => {
  connection.send('21["no-such-event",1]');
  await sleep(20);
  await connection.expectQuiet();
}));

const noPackets = {
  "nothing": "", "an unknown type": "7", "no type": "abc", "a type above 6": '9["x"]',
  "an EVENT that is an object": '2{"a":1}', "an EVENT that is a string": '2"message"',
  "an empty EVENT": "2[]", "a name that is an object": "2[{}]", "a name that is null": "2[null]",
  "a name that is true": "2[true]",
  "a name that is an array": '2[["message"]]', "broken JSON": '2["message"', "broken JSON in an argument": '2["message",{]',
  "garbage behind the payload": '2["message"]x', "a second payload": '2["message"]["message"]', "single quotes": "2['message']",
  "a bare word": '2["message",undefined]', "NaN": '2["message",NaN]', "a trailing comma": '2["message",]',
  "a letter where the id is": '2x["message"]', "a sign before the id": '2-1["message-with-ack"]',
  "an id that is no integer": '21.5["message-with-ack"]',
  "an ACK that is an object": "31{}", "an ACK that is a string": '31"x"', "a DISCONNECT with a payload": "1{}", "a DISCONNECT with an array": "1[]",
  "no attachments": '50-["message"]', "attachments without a number": '5-["message"]', "no hyphen": '51["message"]',
  "negative attachments": '5-1-["message"]', "attachments that are no integer": '51.5-["message"]',
  "eleven attachments": `511-["message",${placeholder(0)}]`,
  "59999999 attachments": '559999999-["message"]', "an acknowledgement without attachments": "60-1[]",
  "a space before the type": ' 2["message"]',
};
for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
  noPackets[`the reserved name ${name}`] = `2["${name}"]`;
}
for (const [what, packet] of Object.entries(noPackets)) {
  test(`${what} closes the connection`, async () => {
    const connection = await Connection.join(server);
    connection.send(packet);
    assert.equal(await connection.ended(), noStatus);
  });
}

test("a CONNECT whose payload is no object closes the connection", async () => {
  for (const payload of ['"x"', "[]", "null", "true", "{", "{}x"]) {
    const connection = await Connection.open(server);
    connection.send(`0${payload}`);
    assert.equal(await connection.ended(), noStatus, payload);
  }
});

const badAttachments = {
  "binary that nobody announced": (connection) => connection.socket.send(Buffer.from([1])),
  "text instead of an attachment": (connection) => {
    connection.send(`51-["message",${placeholder(0)}]`);
    connection.send('2["message"]');
  },
  "a DISCONNECT between attachments": (connection) => {
    connection.send(`52-["message",${placeholder(0)},${placeholder(1)}]`, [1]);
    connection.send("1");
  },
  "one attachment too many": (connection) => connection.send(`51-["message",${placeholder(0)}]`, [1], [2]),
};
for (const num of ["-1", "1", "1e9", '"0"', '"splice"', '"length"', '"__proto__"', "null"]) {
  badAttachments[`the placeholder ${num}`] = (connection) => connection.send(`51-["message",${placeholder(num)}]`, [1]);
}
for (const [what, act] of Object.entries(badAttachments)) {
  test(`${what} closes the connection`, async () => {
    const connection = await Connection.join(server);
    act(connection);
    assert.equal(await connection.ended(), noStatus);
  });
}

for (const [what, reason, packet, ...attachments] of [
  ["an EVENT without a payload", "npm looks at the payload only if there is one", "2"],
  ["attachments in hexadecimal", "npm takes what JavaScript's Number() takes", `50x1-["message",${placeholder(0)}]`, [1]],
  ["the placeholder 0.5", "npm checks the range only, and reads undefined", `51-["any",${placeholder(0.5)}]`, [1]],
]) {
  test(`${what} closes the connection`, async () => {
    const connection = await Connection.join(server);
    connection.send(packet, ...attachments);
    if (!perServer({ cloudsync: false, node: true, reason })) return assert.equal(await connection.ended(), noStatus);
    connection.send('2["message","alive"]');
    while ((await connection.next()) !== '2["message-back","alive"]');
    await connection.close();
  });
}

test("pings between attachments do no harm", async () => {
  const busy = await Server.start("socketio_reference", { "ping-interval": 100, "ping-timeout": 20_000 });
  const connection = await Connection.join(busy);
  connection.send(`52-["message",${placeholder(0)},${placeholder(1)}]`, [1]);
  assert.equal(await connection.socket.next("a ping"), "2");
  connection.socket.send("3");
  connection.socket.send(Buffer.from([2]));
  await connection.expect(`52-["message-back",${placeholder(0)},${placeholder(1)}]`, Buffer.from([1]), Buffer.from([2]));
  await connection.drop();
  await busy.stop();
});
